// Elements of HTML and SVG in few words.

const SVG = 'http://www.w3.org/2000/svg';

function put(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'style') Object.assign(element.style, value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function html(name, attributes = {}, ...children) {
  return put(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return put(document.createElementNS(SVG, name), attributes, children);
}

export const nothing = (text) => html('div', { class: 'nothing' }, text);

/** Says how many of the `items` in `box` cannot be seen: Grafana would scroll. */
export function tellRest(box, items) {
  const bottom = box.getBoundingClientRect().bottom + 1;
  const cut = [...items].filter((item) => item.getBoundingClientRect().bottom > bottom).length;
  if (cut === 0) return;
  box.parentElement.append(html('div', { class: 'more' }, `${cut} more below`));
}

const ruler = document.createElement('canvas').getContext('2d');

/** How wide a text is, in pixels. */
export function widthOf(text, font = '12px "DejaVu Sans", sans-serif') {
  ruler.font = font;
  return Math.ceil(ruler.measureText(text).width);
}

export const widest = (texts, font) => Math.max(...texts.map((text) => widthOf(text, font)));

/** The colour of a text that can be read on that one. */
export function inkOn(color) {
  const probe = html('i', { style: { background: color } });
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).backgroundColor.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.299 * red + 0.587 * green + 0.114 * blue > 110 ? '#11141a' : '#ffffff';
}

const two = (number) => String(number).padStart(2, '0');

/** An instant as hours and minutes of UTC, with seconds where steps are finer. */
export function clock(seconds, step = 60) {
  const at = new Date(seconds * 1000);
  const minutes = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return step < 60 ? `${minutes}:${two(at.getUTCSeconds())}` : minutes;
}

/** Round instants between two, about `many`. */
export function ticks(from, to, many) {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
  const step = steps.find((step) => (to - from) / step <= many) ?? steps.at(-1);
  const first = Math.ceil(from / step) * step;
  const instants = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, n) => first + n * step);
  return { step, instants };
}
