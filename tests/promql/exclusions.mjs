// grafana/.lint, in which dashboard-linter is told what not to find. Each entry has a reason, and still excludes
// something.

/** `excluded(rule, place)` says whether a finding is; `judge(say)`, called last, what is wrong with the file. */
export function exclusionsOf(content) {
  const entries = Object.entries(content?.exclusions ?? {}).flatMap(([rule, given]) => {
    const list = given?.entries?.length ? given.entries : [{}];
    return list.map((entry) => ({
      rule,
      reason: entry.reason ?? given?.reason,
      dashboard: entry.dashboard,
      panel: entry.panel,
      used: false,
    }));
  });
  return {
    excluded(rule, place) {
      const fits = (key, entry) => !entry[key] || place[key] === undefined || entry[key] === place[key];
      const fitting = entries.filter(
        (entry) => entry.rule === rule && fits('dashboard', entry) && fits('panel', entry),
      );
      for (const entry of fitting) entry.used = true;
      return rule !== 'house' && fitting.length > 0;
    },
    judge(say) {
      if (content?.warnings) say('warnings', 'is not used here: exclude it with a reason, or mend it');
      for (const { rule, reason, dashboard, panel, used } of entries) {
        const place = [rule, dashboard, panel].filter(Boolean).join('/');
        if (!reason?.trim()) say(place, 'has no reason');
        if (!panel) say(place, 'names no panel: exclude no more than is needed');
        if (!used) say(place, 'excludes nothing any more: take it out');
      }
    },
  };
}
