// What Prometheus makes of a tree of PromQL: which functions there are, and of which type each part is.

import { quoted } from './text.mjs';

// What each function takes: v a vector, m a range vector, s a scalar, t a string; `?` may be left out, `*`
// repeats. Those of the oldest Prometheus that the rules are for (2.42), so that a newer one is found.
const FUNCTIONS = new Map();
for (const [takes, names] of Object.entries({
  v:
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_count histogram_sum ln log10' +
    ' log2 rad scalar sgn sin sinh sort sort_desc sqrt tan tanh timestamp',
  m:
    'absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time' +
    ' max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
  'v?': 'day_of_month day_of_week day_of_year days_in_month hour minute month year',
  '': 'pi time',
  s: 'vector',
  'v s': 'clamp_max clamp_min',
  'v s s': 'clamp',
  'v s?': 'round',
  's v': 'histogram_quantile',
  's s v': 'histogram_fraction',
  's m': 'quantile_over_time',
  'm s': 'predict_linear',
  'v t t t t': 'label_replace',
  'v t t t*': 'label_join',
})) {
  for (const name of names.split(' ')) FUNCTIONS.set(name, takes);
}
const SCALAR = new Set(['scalar', 'time', 'pi']);
const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<=']);
const SETS = new Set(['and', 'or', 'unless']);
const PARAMETERS = {
  topk: 's',
  bottomk: 's',
  quantile: 's',
  count_values: 't',
  limitk: null,
  limit_ratio: null,
};
const NAMES = { v: 'a vector', m: 'a range such as x[5m]', s: 'a number', t: 'a string' };

/** Whether it is a number and no series. */
export function isScalar(tree) {
  return typeOf(tree, []) === 's';
}

/** Whether an operator takes series away or adds them, and no numbers. */
export function isSet(op) {
  return SETS.has(op);
}

/** 'v', 'm', 's' or 't'; adds to `errors` what Prometheus would refuse. */
export function typeOf(tree, errors) {
  switch (tree.kind) {
    case 'selector':
      return 'v';
    case 'number':
      return 's';
    case 'string':
      return 't';
    case 'range':
      expect(tree.inner, 'v', 'before […]', errors);
      if (!/^(\d+(ms|[smhdwy]))+$/.test(tree.duration))
        errors.push(`has the range ${tree.duration}: write it as 5m`);
      return 'm';
    case 'call': {
      const takes = FUNCTIONS.get(tree.name);
      if (takes === undefined) errors.push(`calls ${tree.name}, which Prometheus 2.42 does not know`);
      else judge(tree.name, takes.split(' ').filter(Boolean), tree.args, errors);
      return SCALAR.has(tree.name) ? 's' : 'v';
    }
    case 'aggregate': {
      const parameter = PARAMETERS[tree.op];
      if (parameter === null) errors.push(`aggregates by ${tree.op}, which Prometheus 2.42 does not know`);
      else judge(tree.op, parameter ? [parameter, 'v'] : ['v'], tree.body, errors);
      return 'v';
    }
    case 'binary': {
      const left = typeOf(tree.left, errors);
      const right = typeOf(tree.right, errors);
      for (const type of [left, right]) {
        if (!'sv'.includes(type)) errors.push(`has ${NAMES[type]} beside ${tree.op}`);
      }
      if (SETS.has(tree.op) && (left === 's' || right === 's')) errors.push(`has a number beside ${tree.op}`);
      if (left !== 's' || right !== 's') return 'v';
      if (COMPARISONS.has(tree.op) && !tree.bool) errors.push(`compares two numbers without bool`);
      return 's';
    }
    default:
      errors.push(`has ${quoted(tree.text)}, which Prometheus 2.42 does not know`);
      return 'v';
  }
}

function judge(name, takes, given, errors) {
  const repeats = takes.at(-1)?.endsWith('*');
  const least = takes.filter((t) => !/[?*]/.test(t)).length;
  if (given.length < least || (given.length > takes.length && !repeats)) {
    errors.push(`gives ${name} ${given.length} arguments, not ${least}`);
  }
  given.forEach((argument, at) => {
    const type = takes[Math.min(at, takes.length - 1)]?.[0];
    if (type) expect(argument, type, `in ${name}(…)`, errors);
    else typeOf(argument, errors);
  });
}

function expect(tree, wanted, where, errors) {
  const type = typeOf(tree, errors);
  if (type !== wanted) errors.push(`wants ${NAMES[wanted]} ${where}, not ${NAMES[type]}`);
}
