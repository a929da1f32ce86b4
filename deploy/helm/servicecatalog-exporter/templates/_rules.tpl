{{- /* A knob: a value for all rules of an alert, or one for each severity. "" where it is not turned. */ -}}
{{- define "servicecatalog-exporter.knob" -}}
{{- $knob := get .knobs .name -}}
{{- if kindIs "map" $knob -}}
{{- $knob = get $knob .severity -}}
{{- end -}}
{{- if not (kindIs "invalid" $knob) -}}{{- $knob -}}{{- end -}}
{{- end -}}

{{- /* The rules of deploy/prometheus/rules.yml, as the knobs have them. */ -}}
{{- define "servicecatalog-exporter.groups" -}}
{{- $p := .Values.prometheusRule -}}
{{- $url := .Values.runbookUrl | trimSuffix "/" -}}
{{- $groups := list -}}
{{- range $group := (.Files.Get "files/rules.yml" | fromYaml).groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- if not $rule.alert -}}
{{- $rules = append $rules $rule -}}
{{- else -}}
{{- $knobs := get $p.alerts $rule.alert | default dict -}}
{{- $of := dict "knobs" $knobs "severity" $rule.labels.severity -}}
{{- if ne (include "servicecatalog-exporter.knob" (merge (dict "name" "enabled") $of)) "false" -}}
{{- with include "servicecatalog-exporter.knob" (merge (dict "name" "for") $of) -}}
{{- $_ := set $rule "for" . -}}
{{- end -}}
{{- with include "servicecatalog-exporter.knob" (merge (dict "name" "severity") $of) -}}
{{- $_ := set $rule.labels "severity" . -}}
{{- end -}}
{{- range $label, $value := $p.alertLabels -}}
{{- $_ := set $rule.labels $label $value -}}
{{- end -}}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s/%s.md" $url $rule.alert) -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $groups = append $groups (set $group "rules" $rules) -}}
{{- end -}}
{{- concat $groups $p.extraGroups | toYaml -}}
{{- end -}}
