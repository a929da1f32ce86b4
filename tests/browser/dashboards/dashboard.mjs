// A dashboard with its variables resolved, whose panels can be asked for their data.

import { readFileSync } from 'node:fs';

import { window } from './clock.mjs';
import { configured } from './fields.mjs';
import { bucketFrame, seriesFrames, tableFrame, transform } from './frames.mjs';
import { Prometheus } from './prometheus.mjs';
import { complaints } from './supported.mjs';
import { Variables } from './variables.mjs';

/** How wide a picture is, in pixels, and how a dashboard's grid lies in it. */
export const WIDTH = 1600;
export const COLUMNS = 24;

export class Dashboard {
  /** Of a file, as Prometheus at `url` has it in the last `seconds`. */
  static async open(file, url, seconds, choices) {
    const dashboard = new Dashboard();
    dashboard.json = JSON.parse(readFileSync(file, 'utf8'));
    const { annotations, panels } = dashboard.json;
    if (annotations?.list?.some(({ builtIn }) => !builtIn)) throw new Error('annotations are not known here');
    if (panels.some(({ repeat }) => repeat)) throw new Error('rows that repeat are not known here');
    dashboard.prometheus = new Prometheus(url);
    dashboard.seconds = seconds;
    dashboard.end = Math.floor(Date.now() / 1000);
    const whole = window(dashboard.end, seconds);
    dashboard.variables = await Variables.of(dashboard.json, dashboard.prometheus, whole, choices);
    return dashboard;
  }

  get title() {
    return this.json.title;
  }

  /** Rows and panels as they lie on the page: all rows are open but those with these titles. */
  opened(shut = []) {
    const rows = [];
    for (const { panels = [], ...panel } of this.json.panels) {
      if (panel.type === 'row' || rows.length === 0) rows.push([]);
      rows.at(-1).push(panel, ...panels);
    }
    const unknown = shut.filter((title) => !rows.some(([head]) => head.title === title));
    if (unknown.length > 0) throw new Error(`${this.title} has no row ${unknown.join(', ')}`);
    let top = 0;
    return rows.flatMap((row) => {
      const [head] = row;
      const isShut = shut.includes(head.title);
      const up = head.gridPos.y - top;
      const shown = (isShut ? [{ ...head, shut: true }] : row)
        .map((panel) => ({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y - up } }));
      top = Math.max(...shown.map(({ gridPos: { y, h } }) => y + h));
      return shown;
    });
  }

  /** Every panel, those of collapsed rows too. */
  get panels() {
    const all = this.json.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    return all.filter(({ type }) => type !== 'row');
  }

  /** A text of a panel, such as its title. */
  fill(text = '', usual = 'text') {
    return this.variables.fill(text, window(this.end, this.seconds).builtin, usual);
  }

  /** What is asked of Prometheus for a panel, and when. */
  questions(panel) {
    const wrong = complaints(panel);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    const points = panel.maxDataPoints ?? Math.floor((panel.gridPos.w / COLUMNS) * WIDTH);
    return (panel.targets ?? []).map((target) => {
      const times = window(this.end, this.seconds, points, target.interval || panel.interval || undefined);
      return { target, times, expression: this.variables.fill(target.expr, times.builtin) };
    });
  }

  /** The answer to a question. */
  async ask({ target, times, expression }) {
    if (target.instant && target.range) throw new Error('is asked both at an instant and over a range');
    return target.instant
      ? this.prometheus.instant(expression, times.now)
      : this.prometheus.range(expression, times);
  }

  /** The frames of a panel, transformed; `answers` are those to its questions, one by one. */
  frames(panel, answers) {
    const questions = this.questions(panel);
    const tables = questions.filter(({ target }) => target.format === 'table').length;
    const frames = questions.flatMap(({ target, times }, n) => {
      if (target.format === 'table') return [tableFrame(target, answers[n], tables > 1)];
      if (target.format === 'heatmap') return [bucketFrame(target, answers[n], times)];
      return seriesFrames(target, answers[n], times);
    });
    return configured(transform(frames, panel.transformations), panel.fieldConfig);
  }
}
