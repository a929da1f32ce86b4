// Reads the files of rules, and judges their expressions and templates.

import { houseRules } from './house.mjs';
import { parse } from './promql.mjs';
import { labelsOf } from './series.mjs';
import { quoted } from './text.mjs';
import { unknownNames } from './words.mjs';

/** The rules of a file: { place, alert, record, expr, labels, annotations, for, keep_firing_for }. */
export function rulesOf(content, say) {
  const groups = content?.groups;
  if (!Array.isArray(groups)) {
    say('top', 'has no groups: a file of rules begins with `groups:`');
    return [];
  }
  return groups.flatMap(({ name: group, rules }) =>
    (rules ?? []).map((rule) => {
      const name = rule.alert ?? rule.record;
      const place = `${group}/${name}`;
      if (!name || !rule.expr) say(place, 'is no rule: it needs alert or record, and expr');
      return {
        ...rule,
        place,
        expr: rule.expr ?? '',
        labels: rule.labels ?? {},
        annotations: rule.annotations ?? {},
      };
    }),
  );
}

/** Calls `say(place, what)` for everything that is wrong with the expressions and templates of a rule. */
export function judgeRule(rule, known, say) {
  const wrong = (what) => say(rule.place, what);
  const { tree, errors } = parse(rule.expr);
  errors.forEach((error) => wrong(`its expression ${error}`));
  if (!tree) return;
  const labels = labelsOf(tree, known, wrong);
  houseRules(tree, known, wrong);
  for (const [key, text] of [...Object.entries(rule.labels), ...Object.entries(rule.annotations)]) {
    judgeTemplate(text, labels, known, (what) => wrong(`${key} ${what}`));
  }
}

/** Templates see the labels of the expression, not those that the rule adds. */
function judgeTemplate(text, labels, known, wrong) {
  for (const [action] of text.matchAll(/\{\{.*?\}\}/gs)) {
    const named = [...action.matchAll(/(?:\$labels|\.Labels)\.(\w+)|index \$labels "(\w+)"/g)].map(
      ([, a, b]) => a ?? b,
    );
    // Within `range query` and its like, `.Labels` is of something else, which we do not follow.
    const own = action.includes('.Labels') ? known.labels() : labels;
    for (const label of named) {
      if (own && !own.has(label))
        wrong(`shows the label ${label}, which the expression's result does not have`);
    }
    if (/\bquery\b/.test(action)) queriesOf(action).forEach((query) => judgeQuery(query, known, wrong));
  }
  unknownNames(text.replace(/\{\{.*?\}\}/gs, ''), known).forEach(wrong);
}

/** The strings of an action that ask Prometheus; what printf puts in becomes a place to fill in. */
function queriesOf(action) {
  const literals = [...action.matchAll(/"((?:\\.|[^"\\])*)"|`([^`]*)`/gs)];
  const texts = literals.map(([, a, b]) => (a === undefined ? b : a.replace(/\\(.)/g, '$1')));
  return texts
    .filter((text) => /[a-z]_/.test(text))
    .map((text) => text.replace(/%q/g, '"<>"').replace(/%\S?[sdvf]/g, '<>'));
}

function judgeQuery(query, known, wrong) {
  const { tree, errors } = parse(query);
  errors.forEach((error) => wrong(`asks ${quoted(query)}, which ${error}`));
  if (tree) labelsOf(tree, known, wrong);
}
