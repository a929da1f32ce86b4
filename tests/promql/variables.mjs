// The variables of a dashboard, by the rules `template-…` of grafana/dashboard-linter, and whether they are
// used.

import { isOurs, expand, namesIn, queryOf, variablesOf } from './grafana.mjs';
import { parse } from './promql.mjs';
import { labelsOf } from './series.mjs';
import { quoted } from './text.mjs';

/** Calls `wrong(rule, what)`. */
export function judgeVariables(dashboard, known, wrong) {
  const variables = variablesOf(dashboard);
  const sources = variables.filter(({ type }) => type === 'datasource');
  if (sources.length !== 1 || sources[0].name !== 'datasource' || queryOf(sources[0]) !== 'prometheus') {
    wrong(
      'template-datasource-rule',
      'needs one variable of type datasource, named datasource, with the query prometheus',
    );
  } else if (sources[0].label !== 'Data source')
    wrong('template-datasource-rule', 'the label of datasource is `Data source`');
  for (const name of ['job', 'instance']) {
    const rule = `template-${name}-rule`;
    const variable = variables.find((one) => one.name === name);
    if (!variable) {
      wrong(rule, `has no variable ${name}`);
      continue;
    }
    const label = name[0].toUpperCase() + name.slice(1);
    if (!isOurs(variable.datasource)) wrong(rule, `${name} has another datasource than $datasource`);
    if (variable.type !== 'query') wrong(rule, `${name} is no query`);
    if (variable.label !== label) wrong(rule, `${name} has the label ${variable.label}, not ${label}`);
    if (!variable.multi) wrong(rule, `${name} cannot be several: set multi`);
    if (variable.allValue !== '.+') wrong(rule, `${name} has the allValue ${variable.allValue}, not .+`);
  }
  for (const variable of variables.filter(({ type }) => !['adhoc', 'custom'].includes(type))) {
    if (typeof queryOf(variable) !== 'string')
      wrong(
        'house',
        `${variable.name} has no query: dashboard-linter cannot read a dashboard with such a variable`,
      );
  }
  for (const variable of variables.filter(({ type }) => type === 'query')) {
    if (variable.refresh !== 2)
      wrong(
        'template-on-time-change-reload-rule',
        `${variable.name} is not read again when the time changes: set refresh to 2`,
      );
    judgeVariable(variable, variables, known, wrong);
  }
  judgeUse(dashboard, variables, wrong);
}

function judgeVariable(variable, variables, known, wrong) {
  const query = queryOf(variable) ?? '';
  const say = (what) => wrong('template-label-promql-rule', `the query of ${variable.name} ${what}`);
  const [, called, inner] = /^(label_values|query_result)\((.*)\)$/s.exec(query) ?? [];
  if (!called) return say(`is ${quoted(query)}: use label_values(…, …) or query_result(…)`);
  const [, expression, label] =
    called === 'label_values' ? (/^(.*),\s*(\w+)\s*$/s.exec(inner) ?? []) : [null, inner];
  if (expression === undefined) return say('names no label');
  const { tree, errors } = parse(expand(expression, variables));
  errors.forEach(say);
  if (!tree) return undefined;
  const labels = labelsOf(tree, known, (what) => wrong('house', `the query of ${variable.name}: ${what}`));
  if (label && labels && !labels.has(label))
    wrong('house', `the query of ${variable.name} wants the label ${label}, which is not there`);
  return undefined;
}

function judgeUse(dashboard, variables, wrong) {
  const { templating, ...rest } = dashboard;
  const used = new Set(namesIn(JSON.stringify(rest)));
  // A variable does not use itself.
  for (const { name, current, options, ...variable } of variables) {
    namesIn(JSON.stringify(variable))
      .filter((other) => other !== name)
      .forEach((other) => used.add(other));
  }
  const defined = variables.map(({ name }) => name);
  for (const name of used)
    if (!defined.includes(name)) wrong('house', `uses the variable ${name}, which is not defined`);
  for (const name of defined)
    if (!used.has(name)) wrong('house', `defines the variable ${name} and never uses it`);
}
