// Colours by the names that Grafana has for them, in our own shades.

const HUES = {
  red: [352, 84], orange: [28, 92], yellow: [48, 96], green: [145, 52], blue: [212, 84], purple: [284, 52],
};
const SHADES = { 'super-light': 84, light: 74, '': 60, 'semi-dark': 50, dark: 40 };

const NAMED = new Map([['text', '#d6dae2'], ['transparent', 'transparent']]);
for (const [hue, [degrees, saturation]] of Object.entries(HUES)) {
  for (const [shade, light] of Object.entries(SHADES)) {
    NAMED.set(shade ? `${shade}-${hue}` : hue, `hsl(${degrees} ${saturation}% ${light}%)`);
  }
}

/** What series are told apart by, in this order. */
export const PALETTE = ['green', 'yellow', 'blue', 'orange', 'red', 'purple', 'light-blue', 'dark-green',
  'light-orange', 'light-purple', 'dark-yellow', 'semi-dark-red', 'super-light-blue', 'dark-blue'].map(color);

/** From nothing to much, for heatmaps. */
export const SCHEMES = {
  Oranges: ['hsl(20 30% 16%)', 'hsl(28 95% 66%)'],
  Blues: ['hsl(212 35% 16%)', 'hsl(205 95% 72%)'],
  Greens: ['hsl(145 30% 14%)', 'hsl(130 70% 66%)'],
  Spectral: ['hsl(250 40% 22%)', 'hsl(52 96% 66%)'],
  Turbo: ['hsl(250 40% 22%)', 'hsl(12 96% 60%)'],
};

export function color(name) {
  if (NAMED.has(name)) return NAMED.get(name);
  if (/^(#|rgb|hsl)/.test(name)) return name;
  throw new Error(`the colour ${name} is not known here`);
}
