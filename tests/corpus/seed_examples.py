"""The examples of the document that the studio grew from, letter by letter.

Only the base URL in the curl ones is ours; keys come from the environment, as they say themselves.
"""

from dataclasses import dataclass

OFFICIAL_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Example:
    """One program of the document, and how many pictures come of it."""

    name: str
    language: str  # "curl", "python" or "node".
    text: str
    picture_count: int


EXAMPLES = (
    Example(
        "generation",
        "curl",
        r"""curl https://api.openai.com/v1/images/generations \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $OPENAI_API_KEY" \
  -d '{
    "model": "dall-e-3",
    "prompt": "A cute baby sea otter",
    "n": 1,
    "size": "1024x1024"
  }'
""",
        1,
    ),
    Example(
        "generation",
        "python",
        """from openai import OpenAI
client = OpenAI()

client.images.generate(
  model="dall-e-3",
  prompt="A cute baby sea otter",
  n=1,
  size="1024x1024"
)
""",
        1,
    ),
    Example(
        "generation",
        "node",
        """import OpenAI from "openai";

const openai = new OpenAI();

async function main() {
  const image = await openai.images.generate({
    model: "dall-e-3", prompt: "A cute baby sea otter"
  });

  console.log(image.data);
}
main();
""",
        1,
    ),
    Example(
        "edit",
        "curl",
        r"""curl https://api.openai.com/v1/images/edits \
  -H "Authorization: Bearer $OPENAI_API_KEY" \
  -F image="@otter.png" \
  -F mask="@mask.png" \
  -F prompt="A cute baby sea otter wearing a beret" \
  -F n=2 \
  -F size="1024x1024"
""",
        2,
    ),
    Example(
        "edit",
        "python",
        """from openai import OpenAI
client = OpenAI()

client.images.edit(
  image=open("otter.png", "rb"),
  mask=open("mask.png", "rb"),
  prompt="A cute baby sea otter wearing a beret",
  n=2,
  size="1024x1024"
)
""",
        2,
    ),
    Example(
        "edit",
        "node",
        """import fs from "fs";
import OpenAI from "openai";

const openai = new OpenAI();

async function main() {
  const image = await openai.images.edit({
    image: fs.createReadStream("otter.png"),
    mask: fs.createReadStream("mask.png"),
    prompt: "A cute baby sea otter wearing a beret",
  });

  console.log(image.data);
}
main();
""",
        1,
    ),
    Example(
        "variation",
        "curl",
        r"""curl https://api.openai.com/v1/images/variations \
  -H "Authorization: Bearer $OPENAI_API_KEY" \
  -F image="@otter.png" \
  -F n=2 \
  -F size="1024x1024"
""",
        2,
    ),
    Example(
        "variation",
        "python",
        """from openai import OpenAI
client = OpenAI()

response = client.images.create_variation(
  image=open("image_edit_original.png", "rb"),
  n=2,
  size="1024x1024"
)
""",
        2,
    ),
    Example(
        "variation",
        "node",
        """import fs from "fs";
import OpenAI from "openai";

const openai = new OpenAI();

async function main() {
  const image = await openai.images.createVariation({
    image: fs.createReadStream("otter.png"),
  });

  console.log(image.data);
}
main();
""",
        1,
    ),
)
