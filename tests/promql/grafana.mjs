// What a dashboard of Grafana consists of, and the variables in its texts.

/** Stand for variables that are durations; nobody writes them by hand. */
export const RATE_INTERVAL = '1001s';
const GLOBALS = {
  __rate_interval: RATE_INTERVAL,
  __interval: '1003s',
  __range: '1009s',
  __interval_ms: '1003000',
  __range_ms: '1009000',
  __range_s: '1009',
};
/** Beside these: what Grafana puts in where it shows data. */
const SHOWN =
  /^__(from|to|dashboard|org|user|name|data|field|value|series|cell\w*|url_time_range|all_variables)$/;
const VARIABLE = /\$(\w+)|\$\{(\w+)[^}]*\}|\[\[(\w+)[^\]]*\]\]/g;

/** Whether a datasource is the one that the variable of that name chooses. */
export function isOurs(datasource) {
  return ['$datasource', '${datasource}'].includes(datasource?.uid) && datasource.type === 'prometheus';
}

/** The panels of a dashboard, those within rows that are folded too. */
export function panelsOf(dashboard) {
  return (dashboard.panels ?? []).flatMap((panel) => [panel, ...panelsOf(panel)]);
}

/** The variables that a dashboard defines. */
export function variablesOf(dashboard) {
  return dashboard.templating?.list ?? [];
}

/** The query of a variable as text; undefined if it has none. */
export function queryOf({ query }) {
  return typeof query === 'object' ? query?.query : query;
}

/** The names of the variables in a text, those of Grafana left out. */
export function namesIn(text) {
  return [...text.matchAll(VARIABLE)]
    .map(([, ...names]) => names.find(Boolean))
    .filter((name) => !(name in GLOBALS) && !SHOWN.test(name));
}

/** An expression as Prometheus could read it: variables within strings stay, others get a value. */
export function expand(expression, variables) {
  return outsideStrings(expression, (text) =>
    text.replace(VARIABLE, (_, ...found) => {
      const name = found.slice(0, 3).find(Boolean);
      if (name in GLOBALS) return GLOBALS[name];
      const { current, options = [] } = variables.find((one) => one.name === name) ?? {};
      return [current?.value ?? options[0]?.value ?? '1'].flat()[0];
    }),
  );
}

function outsideStrings(text, change) {
  const parts = text.split(/("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)/s);
  return parts.map((part, at) => (at % 2 === 0 ? change(part) : part)).join('');
}
