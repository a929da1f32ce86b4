{{- /* How the kubelet asks for a path: by HTTP, or by the binary's own client where it has no certificate. */ -}}
{{- define "servicecatalog-exporter.probe" -}}
{{- $root := .root -}}
{{- if and (include "servicecatalog-exporter.tls" $root) $root.Values.webFile.clientCertificates -}}
exec:
  command: [servicecatalog-exporter, healthcheck]
{{- else -}}
httpGet:
  path: {{ include "servicecatalog-exporter.prefix" $root }}{{ .path }}
  port: http
  scheme: {{ ternary "HTTPS" "HTTP" (not (empty (include "servicecatalog-exporter.tls" $root))) }}
{{- end }}
{{ toYaml .timing }}
{{- end -}}

{{- /*
What a change of the configuration must restart: the parts that a reload does not take over, or all.
*/ -}}
{{- define "servicecatalog-exporter.checksum" -}}
{{- $config := .Values.config -}}
{{- if eq .Values.restartOnConfigChange "needed" -}}
{{- $config = pick $config "web" "log" "storage" -}}
{{- end -}}
{{- $config | toJson | sha256sum -}}
{{- end -}}

{{- /*
Settings are variables, not flags: so `healthcheck` and `check --live`, run in the container, have the
same. Shards of a configuration that the chart writes are in it, for there they follow a reload.
*/ -}}
{{- define "servicecatalog-exporter.env" -}}
{{- $v := .Values -}}
{{- $settings := dict
      "CONFIG_FILE" (printf "/etc/servicecatalog-exporter/%s" $v.existingConfig.key)
      "WEB_LISTEN_ADDRESS" (printf ":%d" (int $v.web.port))
      "WEB_TELEMETRY_PATH" $v.web.telemetryPath
      "WEB_ROUTE_PREFIX" (include "servicecatalog-exporter.prefix" . | default "/")
      "WEB_DRAIN_TIMEOUT" $v.web.drainTimeout -}}
{{- with $v.web.externalUrl -}}
{{- $_ := set $settings "WEB_EXTERNAL_URL" . -}}
{{- end -}}
{{- if $v.webFile.existingSecret -}}
{{- $_ := set $settings "WEB_CONFIG_FILE" (printf "/etc/servicecatalog-exporter-web/%s" $v.webFile.key) -}}
{{- /* The kubelet has no password. */ -}}
{{- $_ := set $settings "WEB_UNAUTHENTICATED_READY" "true" -}}
{{- end -}}
{{- if include "servicecatalog-exporter.storage" . -}}
{{- $_ := set $settings "STORAGE_PATH" "/var/lib/servicecatalog-exporter" -}}
{{- end -}}
{{- $sharded := eq (include "servicecatalog-exporter.workload" .) "StatefulSet" -}}
{{- if and $sharded (or $v.existingConfig.secret $v.existingConfig.configMap) -}}
{{- $_ := set $settings "SHARD" "auto" -}}
{{- $_ := set $settings "TOTAL_SHARDS" (int $v.shards | toString) -}}
{{- end -}}
{{- range $name, $value := $settings }}
- name: SERVICECATALOG_EXPORTER_{{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- if $sharded }}
- name: HOSTNAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end }}
{{- with $v.aws.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with $v.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "servicecatalog-exporter.volumes" -}}
{{- $v := .Values -}}
- name: config
{{- if $v.existingConfig.secret }}
  secret:
    secretName: {{ $v.existingConfig.secret }}
    defaultMode: 0440
{{- else }}
  configMap:
    name: {{ $v.existingConfig.configMap | default (include "servicecatalog-exporter.fullname" .) }}
{{- end }}
{{- if $v.webFile.existingSecret }}
- name: web
  projected:
    defaultMode: 0440
    sources:
      - secret: {name: {{ $v.webFile.existingSecret }}}
      {{- with $v.webFile.certificateSecret }}
      - secret: {name: {{ . }}}
      {{- end }}
{{- end }}
{{- with $v.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "servicecatalog-exporter.pod" -}}
{{- $v := .Values -}}
metadata:
  labels:
    {{- mergeOverwrite (deepCopy $v.commonLabels) $v.podLabels (include "servicecatalog-exporter.selector" . | fromYaml) | toYaml | nindent 4 }}
  annotations:
    checksum/config: {{ include "servicecatalog-exporter.checksum" . }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "servicecatalog-exporter.serviceAccountName" . }}
  # It does not talk to Kubernetes. IRSA and Pod Identity mount a token of their own.
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $v.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ int $v.terminationGracePeriodSeconds }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    {{- $own := dict "labelSelector" (dict "matchLabels" (include "servicecatalog-exporter.selector" $ | fromYaml)) }}
    - {{- merge (deepCopy .) $own | toYaml | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: servicecatalog-exporter
      image: {{ include "servicecatalog-exporter.image" . | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      {{- with concat (ternary (list "demo") list $v.demo) $v.extraArgs }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        {{- include "servicecatalog-exporter.env" . | trim | nindent 8 }}
      {{- with $v.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - {name: http, containerPort: {{ int $v.web.port }}, protocol: TCP}
      startupProbe:
        {{- include "servicecatalog-exporter.probe" (dict "root" . "path" "/-/healthy" "timing" $v.startupProbe) | nindent 8 }}
      livenessProbe:
        {{- include "servicecatalog-exporter.probe" (dict "root" . "path" "/-/healthy" "timing" $v.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "servicecatalog-exporter.probe" (dict "root" . "path" "/-/ready" "timing" $v.readinessProbe) | nindent 8 }}
      {{- if and (gt (int $v.preStopSeconds) 0) (semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version) }}
      # While it still answers, Prometheus and the Service learn that it leaves.
      lifecycle:
        preStop: {sleep: {seconds: {{ int $v.preStopSeconds }}}}
      {{- end }}
      {{- with $v.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $v.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - {name: config, mountPath: /etc/servicecatalog-exporter, readOnly: true}
        {{- if $v.webFile.existingSecret }}
        - {name: web, mountPath: /etc/servicecatalog-exporter-web, readOnly: true}
        {{- end }}
        {{- if include "servicecatalog-exporter.storage" . }}
        - {name: storage, mountPath: /var/lib/servicecatalog-exporter}
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "servicecatalog-exporter.volumes" . | nindent 4 }}
{{- end -}}
