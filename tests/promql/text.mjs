// What messages quote.

/** A piece of code in a message, shortened to a line. */
export function quoted(text) {
  const short = text.replace(/\s+/g, ' ');
  return `\`${short.length > 60 ? `${short.slice(0, 59)}…` : short}\``;
}
