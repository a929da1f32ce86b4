// What the lines and states of a panel are called.

import { html } from './elements.mjs';

const mark = (color) => html('span', { class: 'mark', style: { background: color } });

export function legend({ displayMode, calculations = [], rows }) {
  if (displayMode === 'list') {
    const items = rows.map(({ name, color, values }) => {
      const numbers = values.map(({ text }, n) => `  ${calculations[n]}: ${text}`).join('');
      return html('span', {}, mark(color), name + numbers);
    });
    return html('div', { class: 'legend list' }, ...items);
  }
  const head = html('tr', {}, html('th', {}, 'Name'), ...calculations.map((name) => html('th', {}, name)));
  const lines = rows.map(({ name, color, values }) =>
    html('tr', {}, html('td', {}, mark(color), name), ...values.map(({ text }) => html('td', {}, text))));
  return html('div', { class: 'legend' }, html('table', {}, head, ...lines));
}
