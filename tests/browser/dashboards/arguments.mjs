// What both scripts are called with, by tests/it/dashboards.rs:
//   node <script> <url of Prometheus> <folder of the npm packages> <folder for pictures>
//     <dashboard> <how many seconds it shows> [<variable>=<value> …]

const [file, length, ...pairs] = process.argv.slice(5);

export { file };
export const url = process.argv[2];
export const seconds = Number(length);
/** Values of variables: `[name, value]` each. */
export const choices = pairs.map((pair) => {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
});
