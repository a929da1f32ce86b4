// Asks every query of a dashboard, once with each choice of a variable. A query that fails is
// wrong; so is one that finds nothing with any of them, unless its panel says that this is good,
// and a table that speaks of a column that it never has: misspelt, or a label that is not there.

import { choices, file, seconds, url } from './arguments.mjs';
import { Dashboard } from './dashboard.mjs';
import { speaksOf } from './fields.mjs';

const EMPTY_IS_GOOD = 'Empty when all is well.';

const wrong = new Set();
/** By dashboard, panel and query: whether it ever found something. */
const found = new Map();

const isThere = ({ value, values = [value] }) => values.some(([, text]) => text !== 'NaN');

/** The answers to all queries of a panel; none if one went wrong. */
async function answers(dashboard, panel, at) {
  const answers = [];
  for (const question of dashboard.questions(panel)) {
    const key = `${at}, ${question.target.refId}: ${question.target.expr}`;
    try {
      const answer = await dashboard.ask(question);
      const many = answer.filter(isThere).length;
      found.set(key, { panel, many: (found.get(key)?.many ?? 0) + many });
      answers.push(answer);
    } catch (error) {
      wrong.add(`${key}\n  asked as ${question.expression}\n  ${error.message}`);
      return null;
    }
  }
  return answers;
}

/** The columns of tables with rows that an override speaks of, by panel: whether they were ever there. */
const columns = new Map();

function lookForColumns({ type, fieldConfig }, frames, at) {
  if (type !== 'table' || frames.every(({ fields }) => (fields[0]?.values.length ?? 0) === 0)) return;
  for (const override of fieldConfig.overrides) {
    const key = `${at}: has no column ${override.matcher.options}`;
    const there = frames.some((frame) => frame.fields.some((field) => speaksOf(override, field, frame)));
    columns.set(key, there || columns.get(key));
  }
}

async function askAll(choice) {
  const dashboard = await Dashboard.open(file, url, seconds, Object.fromEntries(choice));
  for (const panel of dashboard.panels) {
    const at = `${dashboard.title}, ${panel.title}`;
    try {
      const all = await answers(dashboard, panel, at);
      if (all) lookForColumns(panel, dashboard.frames(panel, all), at);
    } catch (error) {
      wrong.add(`${at}: ${error.message}`);
    }
  }
}

for (const choice of choices.length > 0 ? choices.map((pair) => [pair]) : [[]]) {
  await askAll(choice).catch((error) => wrong.add(`${file}: ${error.message}`));
}
for (const [key, { panel, many }] of found) {
  if (many === 0 && !panel.description.includes(EMPTY_IS_GOOD)) wrong.add(`${key}\n  finds nothing`);
}
for (const [key, there] of columns) if (!there) wrong.add(key);
const asked = [...found.values()];
if (asked.length === 0) wrong.add(`${file} asks nothing`);
console.log(`${file.split('/').at(-1)}: ${asked.length} queries, ${asked.filter(({ many }) => many > 0).length} of them find something`);
if (wrong.size > 0) {
  console.error([...wrong].join('\n'));
  process.exitCode = 1;
}
