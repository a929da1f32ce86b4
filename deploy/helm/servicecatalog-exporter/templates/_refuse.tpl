{{- /* What the schema cannot see: values that contradict one another. */ -}}
{{- define "servicecatalog-exporter.refuse" -}}
{{- $v := .Values -}}
{{- if not $v.image.repository -}}
{{- fail "image.repository is not set: name the image that you built or mirrored, with its registry" -}}
{{- end -}}
{{- if and (eq $v.workload "Deployment") (gt (int $v.shards) 1) -}}
{{- fail "workload is Deployment, but shards is above 1: only a StatefulSet numbers its pods, so leave workload at auto" -}}
{{- end -}}
{{- if and (eq (include "servicecatalog-exporter.workload" .) "StatefulSet") (ne (int $v.replicas) 1) -}}
{{- fail "replicas is set for a StatefulSet: it has one pod for each of the shards, so leave replicas at 1" -}}
{{- end -}}
{{- $stored := include "servicecatalog-exporter.storage" . -}}
{{- if and $stored (ne (include "servicecatalog-exporter.workload" .) "StatefulSet") -}}
{{- fail "storage.enabled is true for a Deployment, whose new pod would wait for the volume of the old one: set workload to StatefulSet, or leave storage.enabled at auto" -}}
{{- end -}}
{{- if and $stored (hasKey $v.config "storage") -}}
{{- fail "config.storage is set: the volume of the chart is in use, so set storage in its place" -}}
{{- end -}}
{{- if and $v.existingConfig.secret $v.existingConfig.configMap -}}
{{- fail "existingConfig has a secret and a configMap: leave out one of them" -}}
{{- end -}}
{{- if and $v.config (or $v.existingConfig.secret $v.existingConfig.configMap) -}}
{{- fail "config and existingConfig are both set: leave out one of them" -}}
{{- end -}}
{{- if hasKey $v.config "sharding" -}}
{{- fail "config.sharding is set: set shards in its place" -}}
{{- end -}}
{{- $elsewhere := dict "listen_addresses" "web.port" "telemetry_path" "web.telemetryPath" "external_url" "web.externalUrl" "route_prefix" "web.routePrefix" "drain_timeout" "web.drainTimeout" "config_file" "webFile.existingSecret" -}}
{{- range $key, $place := $elsewhere -}}
{{- if hasKey ($v.config.web | default dict) $key -}}
{{- fail (printf "config.web.%s is set: set %s in its place, which probes and the ServiceMonitor follow" $key $place) -}}
{{- end -}}
{{- end -}}
{{- if and $v.aws.irsa.roleArn $v.aws.podIdentity.enabled -}}
{{- fail "aws.irsa.roleArn and aws.podIdentity.enabled are both set: the role of IRSA would win, so leave out one of them" -}}
{{- end -}}
{{- if and $v.aws.irsa.roleArn (not $v.serviceAccount.create) -}}
{{- fail "aws.irsa.roleArn is set, but the ServiceAccount is not made here: annotate yours with eks.amazonaws.com/role-arn and leave roleArn out" -}}
{{- end -}}
{{- if and $v.webFile.certificateSecret (not $v.webFile.existingSecret) -}}
{{- fail "webFile.certificateSecret is set without a web file: name one that uses the certificates in webFile.existingSecret" -}}
{{- end -}}
{{- end -}}
