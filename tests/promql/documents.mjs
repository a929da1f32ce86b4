// Reads what documents say in PromQL: blocks marked `promql`, and `code` in their lines.

import { parse } from './promql.mjs';
import { labelsOf } from './series.mjs';
import { judgeCode, unknownNames } from './words.mjs';

/** The blocks of code of a document: { language, line, text }, and its prose, each line with its number. */
export function partsOf(markdown) {
  const blocks = [];
  const prose = [];
  let block = null;
  markdown.split('\n').forEach((text, at) => {
    const fence = /^\s*(```+|~~~+)\s*([\w-]*)/.exec(text);
    if (block && fence && fence[1] === block.fence && !fence[2]) {
      blocks.push({ ...block, text: block.lines.join('\n') });
      block = null;
    } else if (block) block.lines.push(text);
    else if (fence) block = { fence: fence[1], language: fence[2], line: at + 2, lines: [] };
    else prose.push({ line: at + 1, text });
  });
  return { blocks, prose, open: block };
}

/** Calls `say(place, what)` for each expression that is wrong. */
export function judgeQueries(markdown, known, say) {
  const { blocks, open } = partsOf(markdown);
  if (open) say(`line ${open.line - 1}`, 'begins a block of code that never ends');
  for (const { line, text } of blocks.filter(({ language }) => language === 'promql')) {
    const wrong = (what) => say(`line ${line}`, what);
    for (const query of queriesIn(text)) {
      const { tree, errors } = parse(query);
      errors.forEach((error) => wrong(`the query ${error}`));
      if (tree) labelsOf(tree, known, wrong);
    }
  }
}

/** Calls `say(place, what)` for each metric, alert and label that is named and does not exist. */
export function judgeNames(markdown, known, say) {
  const { blocks, prose } = partsOf(markdown);
  for (const { line, text } of blocks.filter(({ language }) => language !== 'promql')) {
    unknownNames(text, known).forEach((what) => say(`line ${line}`, what));
  }
  for (const { line, text } of prose) {
    const wrong = (what) => say(`line ${line}`, what);
    for (const [, , code] of text.matchAll(/(`+)(.+?)\1/g)) judgeCode(code, known, wrong);
    unknownNames(text.replace(/(`+).+?\1/g, ''), known).forEach(wrong);
  }
}

/** One query, or several with an empty line between. */
function queriesIn(text) {
  if (parse(text).tree) return [text];
  return text.split(/\n\s*\n/).filter((query) => query.replace(/^\s*#.*$/gm, '').trim());
}
