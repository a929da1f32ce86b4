// The lint of dashboards: the rules of grafana/dashboard-linter under its names, and rules of our own under
// the name `house`. What grafana/.lint excludes of the former, both leave out.

import { panelsOf, variablesOf } from './grafana.mjs';
import { judgePanel } from './panels.mjs';
import { quoted } from './text.mjs';
import { judgeVariables } from './variables.mjs';
import { unknownNames } from './words.mjs';

/**
 * Calls `say(place, rule, what)`; a place is { dashboard, panel } of titles. `name` is that of the file without
 * its ending, `uids` are those of all dashboards.
 */
export function judgeDashboard(name, dashboard, { known, uids }, say) {
  const wrong = (rule, what) => say({ dashboard: dashboard.title }, rule, what);
  const variables = variablesOf(dashboard);
  judgeFrame(name, dashboard, wrong);
  judgeVariables(dashboard, known, wrong);
  judgeLinks(dashboard, uids, known, wrong);
  judgeGrid(dashboard.panels ?? [], wrong);
  for (const panel of panelsOf(dashboard).filter(({ type }) => type !== 'row')) {
    judgePanel(panel, variables, known, (rule, what) =>
      say({ dashboard: dashboard.title, panel: panel.title }, rule, what),
    );
  }
}

function judgeFrame(name, dashboard, wrong) {
  if (dashboard.editable !== false) wrong('uneditable-dashboard', 'can be edited: set editable to false');
  const house = (what) => wrong('house', what);
  if (!dashboard.title?.trim()) house('has no title');
  if (dashboard.uid !== name) house(`has the uid ${dashboard.uid}: links need that of the file, ${name}`);
  if (dashboard.id !== null) house('has an id: Grafana gives it, so it is null in a file');
  if (!Number.isInteger(dashboard.version)) house('has no version: give it a whole number');
  if (!Number.isInteger(dashboard.schemaVersion)) house('has no schemaVersion');
  if (!dashboard.tags?.length) house('has no tags');
  if (dashboard.__inputs)
    house('has __inputs, which provisioning does not ask for: use the variable datasource');
  const ids = panelsOf(dashboard).map(({ id }) => id);
  for (const id of new Set(ids)) {
    if (!Number.isInteger(id)) house(`has a panel with the id ${id}: give it a whole number`);
    else if (ids.filter((other) => other === id).length > 1)
      house(`has more than one panel with the id ${id}`);
  }
}

/** Wherever a link may stand. */
function linksIn(value) {
  if (Array.isArray(value)) return value.flatMap(linksIn);
  if (value === null || typeof value !== 'object') return [];
  const own = typeof value.url === 'string' ? [value.url] : [];
  return [...own, ...Object.values(value).flatMap(linksIn)];
}

function judgeLinks(dashboard, uids, known, wrong) {
  const urls = linksIn(dashboard);
  const linked = new Set();
  for (const url of urls) {
    const [, uid] = /\/d\/([\w-]+)/.exec(url) ?? [];
    if (uid && !uids.includes(uid)) wrong('house', `links to ${url}, and there is no dashboard ${uid}`);
    if (uid) linked.add(uid);
    unknownNames(url.replace(/[?&]var-/g, ' '), known).forEach((what) => wrong('house', `a link ${what}`));
  }
  for (const { type, tags, url } of dashboard.links ?? []) {
    if (type === 'dashboards' && tags?.length) uids.forEach((uid) => linked.add(uid));
    else if (!url) wrong('house', 'has a link without url or tags');
  }
  if (!dashboard.links?.length) wrong('house', 'has no links');
  for (const uid of uids)
    if (uid !== dashboard.uid && !linked.has(uid)) wrong('house', `has no link to ${uid}`);
}

function judgeGrid(panels, wrong) {
  const placed = panels.flatMap((panel) => {
    const { x, y, w, h } = panel.gridPos ?? {};
    if ([x, y, w, h].every(Number.isInteger) && w > 0 && h > 0 && x >= 0 && y >= 0 && x + w <= 24)
      return [{ title: panel.title, x, y, w, h }];
    wrong('house', `places ${quoted(panel.title ?? '')} outside of the 24 columns, or nowhere`);
    return [];
  });
  placed.forEach((a, at) => {
    for (const b of placed.slice(at + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      if (!apart) wrong('house', `places ${quoted(a.title ?? '')} over ${quoted(b.title ?? '')}`);
    }
  });
  for (const { panels: folded } of panels) if (folded?.length) judgeGrid(folded, wrong);
}
