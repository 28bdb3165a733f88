// The things that a markup is made of, as plain objects: kind, points, colour, width and, for text, text.

const FONT = '600 1px "Instrument Sans", sans-serif';
const LETTERS_PER_WIDTH = 6;
const measuring = document.createElement("canvas").getContext("2d");

export function drawShape(ctx, shape) {
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = shape.colour;
  ctx.lineWidth = shape.width;
  ctx.lineCap = ctx.lineJoin = "round";
  DRAW[shape.kind](ctx, shape, shape.points[0], shape.points.at(-1));
  ctx.restore();
}

const DRAW = {
  pen(ctx, { points }) {
    ctx.beginPath();
    ctx.moveTo(points[0].x, points[0].y);
    // Curves through the middles of the way from point to point hide the corners of a fast hand.
    for (let index = 1; index < points.length - 1; index += 1) {
      const [here, next] = [points[index], points[index + 1]];
      ctx.quadraticCurveTo(here.x, here.y, (here.x + next.x) / 2, (here.y + next.y) / 2);
    }
    ctx.lineTo(points.at(-1).x, points.at(-1).y);
    ctx.stroke();
    // A line of no length draws nothing, but a tap is a dot.
    ctx.beginPath();
    ctx.arc(points[0].x, points[0].y, ctx.lineWidth / 2, 0, 2 * Math.PI);
    ctx.fill();
  },
  arrow(ctx, { width }, from, to) {
    const angle = Math.atan2(to.y - from.y, to.x - from.x);
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const head = Math.min(width * 4.5, Math.max(width * 2, length * 0.6));
    const back = (turn, reach) => [to.x - reach * Math.cos(angle + turn), to.y - reach * Math.sin(angle + turn)];
    ctx.beginPath();
    ctx.moveTo(from.x, from.y);
    ctx.lineTo(...back(0, Math.min(length, head * 0.7)));
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(to.x, to.y);
    ctx.lineTo(...back(0.5, head));
    ctx.lineTo(...back(-0.5, head));
    ctx.closePath();
    ctx.fill();
    ctx.lineWidth = width / 2;
    ctx.stroke();
  },
  ellipse(ctx, _, from, to) {
    const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
    ctx.beginPath();
    ctx.ellipse(x, y, Math.abs(to.x - from.x) / 2, Math.abs(to.y - from.y) / 2, 0, 0, 2 * Math.PI);
    ctx.stroke();
  },
  rectangle(ctx, _, from, to) {
    ctx.strokeRect(from.x, from.y, to.x - from.x, to.y - from.y);
  },
  text(ctx, shape, { x, y }) {
    const size = letterSize(shape.width);
    ctx.font = FONT.replace("1px", `${size}px`);
    ctx.textBaseline = "middle";
    ctx.strokeStyle = contrastOf(shape.colour);
    ctx.lineWidth = size / 7;
    ctx.strokeText(shape.text, x, y);
    ctx.fillText(shape.text, x, y);
  },
  base(ctx, { image }, from, to) {
    ctx.drawImage(image, from.x, from.y, to.x - from.x, to.y - from.y);
  },
};

/** Letters grow with the line, so that one setting serves both. */
export function letterSize(width) {
  return width * LETTERS_PER_WIDTH;
}

export function boxOf(shape) {
  const points = shape.kind === "text" ? textCorners(shape) : shape.points;
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const margin = shape.kind === "base" ? 0 : shape.width / 2;
  const [x, y] = [Math.min(...xs) - margin, Math.min(...ys) - margin];
  return { x, y, width: Math.max(...xs) + margin - x, height: Math.max(...ys) + margin - y };
}

/** Whether a finger or pointer that reaches `slack` px around it touches the shape's own strokes. */
export function touches(shape, point, slack) {
  const box = boxOf(shape);
  const isNear = point.x >= box.x - slack && point.x <= box.x + box.width + slack
    && point.y >= box.y - slack && point.y <= box.y + box.height + slack;
  if (!isNear || shape.kind === "text") return isNear;
  return hasInk(shape, point, slack);
}

export function movedBy(shape, across, down) {
  return { ...shape, points: shape.points.map(({ x, y }) => ({ x: x + across, y: y + down })) };
}

/** Draw what lies around the point and look: the same answer as the eye gives, for every kind. */
function hasInk(shape, point, slack) {
  const edge = 24;
  const scale = edge / (2 * slack);
  const { canvas } = measuring;
  canvas.width = canvas.height = edge;
  measuring.setTransform(scale, 0, 0, scale, (slack - point.x) * scale, (slack - point.y) * scale);
  drawShape(measuring, shape);
  const { data } = measuring.getImageData(0, 0, edge, edge);
  return data.some((value, index) => index % 4 === 3 && value > 40);
}

function textCorners({ points: [{ x, y }], width, text }) {
  const size = letterSize(width);
  measuring.font = FONT.replace("1px", `${size}px`);
  return [{ x, y: y - size * 0.6 }, { x: x + measuring.measureText(text).width, y: y + size * 0.6 }];
}

function contrastOf(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return red * 0.3 + green * 0.59 + blue * 0.11 > 150 ? "rgb(0 0 0 / 0.7)" : "rgb(255 255 255 / 0.8)";
}
