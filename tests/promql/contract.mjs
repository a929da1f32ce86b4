// The contract as METRICS.md prints it: the families, their labels, and which values these take.

const TARGET = ['aws_account_id', 'aws_region'];
const PRODUCT = [...TARGET, 'provisioned_product_id', 'provisioned_product_name', 'provisioned_product_type'];
/** Labels that tell one process from another. */
export const REPLICA = ['instance', 'pod', 'endpoint', 'container', 'node'];
/** Labels that Prometheus, or its Operator, puts on everything that it scrapes. */
export const SCRAPED = ['job', 'namespace', 'service', ...REPLICA];
/** What Prometheus says of its scrapes itself. */
const PROMETHEUS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
];

/**
 * Reads METRICS.md. `metrics` is name → { labels, counter, target, object, extra }: `target` are those that a
 * second replica exports too, `object` those of products and stack instances, `extra(label)` says which further labels
 * there may be; `values(metric, label)` is the closed set of a label's values, or null.
 */
export function contractOf(text) {
  const metrics = new Map();
  for (const [, name, type, labels] of section(text, '## All families').matchAll(
    /^\| \[`(\w+)`\].*?\| (\w+) \| (.*) \|$/gm,
  )) {
    const given = labels.split(', ');
    const own = given.flatMap((label) => /^`(\w+)`$/.exec(label)?.[1] ?? []);
    const target = given.includes('T') || given.includes('P');
    const family = {
      target,
      object: /^servicecatalog_(provisioned_product|stack_instance)/.test(name),
      counter: type === 'counter',
      labels: new Set([...own, ...(given.includes('P') ? PRODUCT : target ? TARGET : []), ...SCRAPED]),
      extra:
        name === 'servicecatalog_provisioned_product_tags'
          ? (label) => label.startsWith('tag_')
          : () => false,
    };
    if (type !== 'histogram') {
      metrics.set(name, family);
      continue;
    }
    for (const part of ['_bucket', '_sum', '_count']) {
      const more = part === '_bucket' ? ['le'] : [];
      metrics.set(name + part, { ...family, counter: true, labels: new Set([...family.labels, ...more]) });
    }
  }
  const process = words(section(text, '### The process')).filter((word) => word.startsWith('process_'));
  if (metrics.size === 0 || process.length === 0)
    throw new Error('METRICS.md: this reader finds no metrics: mend tests/promql/contract.mjs');
  for (const name of [...process, ...PROMETHEUS]) {
    const plain = { target: false, object: false, labels: new Set(SCRAPED), extra: () => false };
    metrics.set(name, { ...plain, counter: name.endsWith('_total') });
  }
  const sets = valuesOf(text);
  return {
    metrics,
    values(metric, label) {
      // Why a message says nothing to us is another set than why something failed.
      if (metric === 'servicecatalog_exporter_events_ignored_total' && label === 'reason') return sets.ignored;
      if (label !== 'status') return sets[label] ?? null;
      if (/^servicecatalog_.*stack_instance/.test(metric)) return sets.instances;
      return metrics.has(metric) ? sets.products : new Set([...sets.products, ...sets.instances]);
    },
  };
}

function valuesOf(text) {
  const said = section(text, '## Values of labels');
  const after = (mark, where = said) => (where.split(mark)[1] ?? '').split(/[.;]/)[0];
  const dropped = section(text, '### `servicecatalog_series_dropped`').split('\n').at(-1);
  const requests = section(text, '### `servicecatalog_exporter_http_requests_total`');
  const sets = {
    products: [...words(after('`status` of products: ')), 'UNKNOWN'],
    instances: [...words(after('of stack instances: ')), 'UNKNOWN'],
    provisioned_product_type: words(after('`provisioned_product_type`: ')),
    stage: words(after('`stage`: ')),
    operation: words(after('`operation`: ')),
    reason: [...section(text, '## Reasons of failure').matchAll(/^\| `(\w+)` \|/gm)].map(([, word]) => word),
    ignored: [...(said.split('of events that were ignored: ')[1] ?? '').matchAll(/`(\w+)` \(/g)].map(([, word]) => word),
    cause: [...dropped.matchAll(/`(\w+)`:/g)].map(([, word]) => word),
    handler: after('Handlers: ', requests).split(', '),
    alertstate: ['pending', 'firing'],
    severity: ['critical', 'warning', 'info'],
  };
  for (const [name, values] of Object.entries(sets)) {
    if (values.length < 2)
      throw new Error(`METRICS.md: this reader finds no values of ${name}: mend tests/promql/contract.mjs`);
    sets[name] = new Set(values);
  }
  return sets;
}

/** What stands below a heading, up to the next of any rank. */
function section(text, heading) {
  const [, below = ''] = text.split(`\n${heading}\n`);
  return below.split(/\n#+ /)[0].trim();
}

function words(text) {
  return [...text.matchAll(/`(\w+)`/g)].map(([, word]) => word);
}
