// The API of Prometheus. What is wrong with an answer, and be it a warning, is thrown.

export class Prometheus {
  constructor(url) {
    this.url = url.replace(/\/$/, '');
  }

  /** At one instant: `{ metric, value }` each. */
  async instant(query, time) {
    const { resultType, result } = await this.#ask('query', { query, time });
    if (resultType === 'vector') return result;
    if (resultType === 'scalar') return [{ metric: {}, value: result }];
    throw new Error(`a ${resultType}, which no panel can show`);
  }

  /** From `start` to `end` in steps, all in seconds: `{ metric, values }` each. */
  async range(query, { start, end, step }) {
    return (await this.#ask('query_range', { query, start, end, step })).result;
  }

  /** The values that a label has on series that match, or anywhere. */
  async labelValues(label, match, { start, end }) {
    const some = match ? { 'match[]': match } : {};
    return this.#ask(`label/${encodeURIComponent(label)}/values`, { ...some, start, end });
  }

  async #ask(path, parameters) {
    const answer = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const said = await answer.json();
    if (said.status !== 'success') throw new Error(`${said.errorType}: ${said.error}`);
    const notes = [...(said.warnings ?? []), ...(said.infos ?? [])];
    if (notes.length > 0) throw new Error(`Prometheus warns: ${notes.join('; ')}`);
    return said.data;
  }
}
