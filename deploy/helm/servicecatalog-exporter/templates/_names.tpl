{{- define "servicecatalog-exporter.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* 52 characters, because a StatefulSet labels its pods with its name and a hash. */ -}}
{{- define "servicecatalog-exporter.fullname" -}}
{{- $name := include "servicecatalog-exporter.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "servicecatalog-exporter.selector" -}}
app.kubernetes.io/name: {{ include "servicecatalog-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "servicecatalog-exporter.labels" -}}
{{- $own := include "servicecatalog-exporter.selector" . | fromYaml -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- mergeOverwrite (deepCopy .Values.commonLabels) $own | toYaml -}}
{{- end -}}

{{- define "servicecatalog-exporter.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "servicecatalog-exporter.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "servicecatalog-exporter.workload" -}}
{{- if eq .Values.workload "auto" -}}
{{- ternary "StatefulSet" "Deployment" (gt (int .Values.shards) 1) -}}
{{- else -}}
{{- .Values.workload -}}
{{- end -}}
{{- end -}}

{{- /* Whether pods have volumes of their own. */ -}}
{{- define "servicecatalog-exporter.storage" -}}
{{- $enabled := toString .Values.storage.enabled -}}
{{- $ofItself := and (eq (include "servicecatalog-exporter.workload" .) "StatefulSet") (not .Values.demo) -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") $ofItself) -}}true{{- end -}}
{{- end -}}

{{- /*
The Services of the two kinds have different names, because a Service cannot lose its address in an
upgrade, and a StatefulSet wants one without.
*/ -}}
{{- define "servicecatalog-exporter.serviceName" -}}
{{- include "servicecatalog-exporter.fullname" . -}}
{{- if eq (include "servicecatalog-exporter.workload" .) "StatefulSet" -}}-shards{{- end -}}
{{- end -}}

{{- define "servicecatalog-exporter.image" -}}
{{- $image := .Values.image -}}
{{- $image.repository -}}
{{- if $image.digest -}}@{{ $image.digest }}{{- else -}}:{{ $image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- /* What stands before every path, without the / at its end. */ -}}
{{- define "servicecatalog-exporter.prefix" -}}
{{- $path := "" -}}
{{- with .Values.web.externalUrl -}}{{- $path = (urlParse .).path -}}{{- end -}}
{{- .Values.web.routePrefix | default $path | trimSuffix "/" -}}
{{- end -}}

{{- define "servicecatalog-exporter.tls" -}}
{{- if and .Values.webFile.existingSecret .Values.webFile.tls -}}true{{- end -}}
{{- end -}}
