// Which alerts and labels a configuration of Alertmanager names.

import { parse } from './promql.mjs';
import { labelsOf } from './series.mjs';

const LABELS = ['group_by', 'equal'];
const MATCHERS = ['matchers', 'source_matchers', 'target_matchers'];

/** Calls `say(place, what)` for each alert, label or value that no alert of ours has. */
export function judgeAlertmanager(content, known, say, place = 'top') {
  if (content === null || typeof content !== 'object') return;
  for (const [key, value] of Object.entries(content)) {
    const here = `${place}/${key}`;
    if (LABELS.includes(key)) {
      for (const label of value) if (label !== '...') judge(`${label}=~".*"`, here);
    } else if (MATCHERS.includes(key)) value.forEach((matcher) => judge(matcher, here));
    else judgeAlertmanager(value, known, say, here);
  }

  function judge(matcher, here) {
    // Alertmanager takes a value without quotes, too.
    const quoted = matcher.replace(/^\s*(\w+)\s*(=~|!~|!=|=)\s*([^"~\s].*?)\s*$/, '$1$2"$3"');
    const { tree, errors } = parse(`ALERTS{${quoted}}`);
    errors.forEach(() => say(here, `has the matcher ${matcher}, which cannot be read`));
    if (tree) labelsOf(tree, known, (what) => say(here, what));
  }
}
