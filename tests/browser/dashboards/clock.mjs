// What a dashboard is asked for: a window of time, and the steps that a panel of some width makes.

/** What the data source is told about scrapes ("Scrape interval"); Grafana asks nothing finer. */
const SCRAPE_INTERVAL = 5;
/** Steps that Grafana rounds to, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200];

/** A duration such as `30s`, `5m`, `1h` in seconds. */
export function seconds(duration) {
  const [, many, unit] = /^>?(\d+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  if (!unit) throw new Error(`${duration} is no duration that is known here`);
  return many * { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit];
}

/** What the last `length` seconds until `end` are to a panel of `width` points. */
export function window(end, length, width = 1000, least = undefined) {
  const scraped = least ? Math.max(seconds(least), SCRAPE_INTERVAL) : SCRAPE_INTERVAL;
  const wanted = Math.max(length / width, scraped);
  const step = STEPS.find((step) => step >= wanted) ?? STEPS.at(-1);
  const aligned = (time) => Math.floor(time / step) * step;
  return {
    start: aligned(end - length),
    end: aligned(end),
    now: end,
    step,
    builtin: {
      __interval: `${step}s`,
      __interval_ms: `${step * 1000}`,
      __rate_interval: `${Math.max(step + scraped, 4 * scraped)}s`,
      __range: `${length}s`,
      __range_s: `${length}`,
      __range_ms: `${length * 1000}`,
      __from: `${(end - length) * 1000}`,
      __to: `${end * 1000}`,
    },
  };
}
