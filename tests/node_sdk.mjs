// The official Node client against a server of ours; prints one line of JSON for each thing done.
import fs from "node:fs";
import OpenAI, { toFile } from "openai";

const [baseURL, apiKey, path, maskPath, refused] = process.argv.slice(2);
const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });
const model = "gpt-image-2.6-flare";
const common = { model, prompt: "a hat", quality: "low" };

function report(name, value) {
  console.log(JSON.stringify([name, value]));
}

const made = await client.images.generate({ ...common, n: 2 });
report("generate", made.data.length);

const streamed = await client.images.edit({ ...common, image: fs.createReadStream(path) });
report("edit from a file stream", streamed.usage.input_tokens_details.image_tokens);

const bytes = fs.readFileSync(path);
const files = [await toFile(bytes, "a.png", { type: "image/png" }), await toFile(bytes, "b.png")];
const mask = await toFile(fs.readFileSync(maskPath), "m.png", { type: "image/png" });
const several = await client.images.edit({ ...common, image: files, mask });
report("edit several with a mask", several.usage.input_tokens_details.image_tokens);

const kinds = [];
for await (const event of await client.images.generate({
  ...common,
  stream: true,
  partial_images: 1,
})) {
  kinds.push(event.type);
}
report("stream", kinds);

const varied = await client.images.createVariation({ image: fs.createReadStream(path) });
report("variation", varied.data.length);

const errors = [];
for (const ask of JSON.parse(refused)) {
  try {
    await client.images.generate({ ...common, ...ask }, { maxRetries: 2 });
  } catch (error) {
    errors.push([error.constructor.name, error.status, error.code]);
  }
}
report("errors", errors);
