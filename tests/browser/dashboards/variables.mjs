// The variables of a dashboard: their values, as Grafana finds them, and how they stand in a query.

const ALL = '$__all';

/** A reference in a text: `$name`, `${name}`, `${name:format}` or `[[name]]`. */
const REFERENCE = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/** As a literal in a regular expression that is a string of PromQL. */
function regex(text) {
  return text.replaceAll('\\', '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&');
}

function alternatives(values) {
  return values.length === 1 ? values[0] : `(${values.join('|')})`;
}

const FORMATS = {
  csv: (values) => values.join(','),
  pipe: (values) => values.join('|'),
  raw: (values) => values.join(','),
  regex: (values) => alternatives(values.map(regex)),
  queryparam: (values, { name }) => values.map((value) => `var-${name}=${encodeURIComponent(value)}`).join('&'),
  percentencode: (values) => encodeURIComponent(values.join(',')),
  /** What Grafana's Prometheus data source does where no format is said. */
  promql: (values, { multi, includeAll }) => (multi || includeAll
    ? alternatives(values.map(regex))
    : values[0].replaceAll('\\', '\\\\').replaceAll("'", "\\\\'")),
};

/** The resolved variables. */
export class Variables {
  #known = new Map();

  /** Of a dashboard, with a value chosen for some; `window` is what the dashboard looks at. */
  static async of(dashboard, prometheus, window, choices = {}) {
    const variables = new Variables();
    for (const variable of ordered(dashboard.templating?.list ?? [])) {
      try {
        const options = await variables.#optionsOf(variable, prometheus, window);
        variables.#known.set(variable.name, chosen(variable, options, choices[variable.name]));
      } catch (error) {
        throw new Error(`variable ${variable.name}: ${error.message}`);
      }
    }
    for (const name of Object.keys(choices)) {
      if (!variables.#known.has(name)) throw new Error(`there is no variable ${name} to choose`);
    }
    return variables;
  }

  /** What stands above the dashboard: label and text. */
  shown({ templating: { list = [] } = {} }) {
    return list.map(({ name }) => this.#known.get(name))
      .filter(({ hide, type }) => ![2, 3].includes(hide) && type !== 'constant')
      .map(({ label, name, texts }) => ({ label: label || name, text: texts.join(' + ') }));
  }

  /** `text` with every reference replaced; `builtin` are those that Grafana itself knows. */
  fill(text, builtin, usual = 'promql') {
    return text.replace(REFERENCE, (whole, plain, braced, bracedFormat, old, oldFormat) => {
      const name = plain ?? braced ?? old;
      if (name in builtin) return builtin[name];
      const variable = this.#known.get(name);
      // A group of a regular expression, as in `label_replace`.
      if (!variable && /^\d+$/.test(name)) return whole;
      if (!variable) throw new Error(`${whole} is no variable`);
      const format = bracedFormat ?? oldFormat ?? usual;
      if (format === 'text') return variable.texts.join(' + ');
      if (!FORMATS[format]) throw new Error(`${whole}: the format is not known here`);
      // What somebody wrote for all of them is taken as it is.
      if (variable.all && variable.allValue) return variable.allValue;
      return FORMATS[format](variable.values, variable);
    });
  }

  async #optionsOf(variable, prometheus, window) {
    const plain = (value) => ({ text: value, value });
    switch (variable.type) {
      case 'datasource':
        if (variable.query !== 'prometheus') throw new Error(`a data source of the type ${variable.query}`);
        return [{ text: 'Prometheus', value: 'prometheus' }];
      case 'query': {
        const query = this.fill(variable.query.query ?? variable.query, window.builtin);
        const found = await ask(query, prometheus, window);
        return sorted(select(found, variable.regex ?? ''), variable.sort ?? 0);
      }
      case 'custom':
        return variable.query.split(/(?<!\\),/).map((item) => {
          const [, text, value] = /^\s*(.+?)\s+:\s+(.+?)\s*$/.exec(item) ?? [];
          return text ? { text, value } : plain(item.trim());
        });
      case 'constant':
      case 'textbox':
        return [plain(variable.query ?? '')];
      default:
        throw new Error(`of the type ${variable.type}, which is not known here`);
    }
  }
}

/** Each after those that its query speaks of, whatever their order on the page. */
function ordered(list) {
  const [left, done] = [[...list], []];
  while (left.length > 0) {
    const spokenOf = (variable) => [...JSON.stringify(variable.query ?? '').matchAll(REFERENCE)]
      .map(([, plain, braced, , old]) => plain ?? braced ?? old);
    const ready = left.findIndex((variable) =>
      !left.some((other) => other !== variable && spokenOf(variable).includes(other.name)));
    if (ready < 0) throw new Error(`the variables ${left.map(({ name }) => name).join(', ')} wait for one another`);
    done.push(...left.splice(ready, 1));
  }
  return done;
}

/** What the functions of Grafana's query variables answer. */
async function ask(query, prometheus, window) {
  const [, values] = /^\s*label_values\((.*)\)\s*$/s.exec(query) ?? [];
  if (values !== undefined) {
    const [, match, label] = /^(?:(.*),)?\s*(\w+)\s*$/s.exec(values) ?? [];
    if (!label) throw new Error(`${query} names no label`);
    return prometheus.labelValues(label, match?.trim(), window);
  }
  const [, expression] = /^\s*query_result\((.*)\)\s*$/s.exec(query) ?? [];
  if (expression === undefined) throw new Error(`${query} is no function that is known here`);
  const found = await prometheus.instant(expression, window.now);
  return found.map(({ metric: { __name__ = '', ...labels }, value: [time, value] }) => {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
    return `${__name__}{${pairs.join(',')}} ${value} ${time * 1000}`;
  });
}

/** Value and text of what is found, by groups of the regular expression if there is one. */
function select(found, pattern) {
  if (!pattern) return found.map((value) => ({ text: value, value }));
  const [, body, flags] = /^\/(.*)\/(\w*)$/s.exec(pattern) ?? [];
  const expression = new RegExp(body ?? `^${pattern}$`, `${(flags ?? '').replace('g', '')}g`);
  const options = new Map();
  for (const candidate of found) {
    const matches = [...candidate.matchAll(expression)];
    const named = (name) => matches.map(({ groups }) => groups?.[name]).find(Boolean);
    const [value, text] = [named('value'), named('text')];
    const groups = matches.filter((match) => match.length > 1).map((match) => match[1]);
    const both = groups.length > 0 ? groups : matches.slice(0, 1).map(() => candidate);
    const chosen = value || text ? [{ value: value ?? text, text: text ?? value }]
      : both.map((value) => ({ value, text: value }));
    for (const option of chosen) if (!options.has(option.value)) options.set(option.value, option);
  }
  return [...options.values()];
}

function sorted(options, sort) {
  const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare;
  const orders = {
    0: null,
    1: (a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)),
    3: (a, b) => Number.parseFloat(a.text) - Number.parseFloat(b.text),
    5: (a, b) => a.text.toLowerCase().localeCompare(b.text.toLowerCase()),
    7: (a, b) => natural(a.text, b.text),
  };
  const descending = sort > 0 && sort % 2 === 0;
  const order = orders[descending ? sort - 1 : sort];
  if (order === undefined) throw new Error(`sorted by ${sort}, which is not known here`);
  if (order) options.sort(descending ? (a, b) => order(b, a) : order);
  return options;
}

/** The variable with the values that it has when the dashboard is opened, or the chosen one. */
function chosen(variable, options, choice) {
  if (options.length === 0) throw new Error('has no value to choose');
  const current = [variable.current?.value ?? []].flat();
  const picks = (wanted) => options.filter(({ value }) => wanted.includes(value));
  let picked = choice === undefined ? picks(current) : picks([choice]);
  if (choice !== undefined && picked.length === 0) {
    throw new Error(`${choice} is none of ${options.map(({ value }) => value).join(', ')}`);
  }
  const all = picked.length === 0 && Boolean(variable.includeAll);
  if (picked.length === 0) picked = all ? options : options.slice(0, 1);
  if (current.includes(ALL) && !variable.includeAll) throw new Error('is all, which cannot be chosen');
  const texts = all ? ['All'] : picked.map(({ text }) => text);
  return { ...variable, all, texts, values: picked.map(({ value }) => value) };
}
