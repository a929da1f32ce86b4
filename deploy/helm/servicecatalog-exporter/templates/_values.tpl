{{- /*
Puts the defaults of this version of the chart below the values. With `helm upgrade --reuse-values`
the values are those of the version before, so what this one added would be missing. Every template
begins with it. A map that is wholly the user's is taken as it is, so that a part of its default can
be taken out with null.
*/ -}}
{{- define "servicecatalog-exporter.init" -}}
{{- $given := .Values -}}
{{- $values := mergeOverwrite (.Files.Get "files/defaults.json" | fromJson) (deepCopy $given) -}}
{{- range list "resources" "podSecurityContext" "securityContext" "startupProbe" "livenessProbe" "readinessProbe" -}}
{{- if hasKey $given . -}}
{{- $_ := set $values . (get $given .) -}}
{{- end -}}
{{- end -}}
{{- if hasKey ($given.dashboards | default dict) "labels" -}}
{{- $_ := set $values.dashboards "labels" $given.dashboards.labels -}}
{{- end -}}
{{- $_ := set . "Values" $values -}}
{{- end -}}
