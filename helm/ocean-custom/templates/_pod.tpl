{{/* The metadata and the spec of a pod. Takes root, instance and, for a job, isJob and isIncremental. */}}
{{- define "ocean-custom.pod" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
metadata:
  labels:
    {{- include "ocean-custom.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .instance.component }}
  annotations:
    # A change of what the environment is made of starts the pod anew.
    checksum/config: {{ include "ocean-custom.environment" . | sha256sum }}
    checksum/secret: {{ list (include "ocean-custom.secretData" $root) $values.selfSignedCertificate.certificate | join "" | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "ocean-custom.serviceAccountName" $root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  {{- if .isJob }}
  restartPolicy: Never
  {{- end }}
  {{- with $values.extraInitContainers }}
  initContainers:
    {{- tpl (toYaml .) $root | nindent 4 }}
  {{- end }}
  containers:
    - name: ocean-custom
      image: {{ include "ocean-custom.image" $root | quote }}
      imagePullPolicy: {{ $values.imagePullPolicy }}
      securityContext:
        {{- toYaml $values.containerSecurityContext | nindent 8 }}
      envFrom:
        - configMapRef:
            name: {{ .instance.name }}
        {{- range include "ocean-custom.secretNames" $root | fromJsonArray }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      {{- if or .isIncremental $values.extraEnv }}
      env:
        {{- if .isIncremental }}
        - name: OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED
          value: "true"
        - name: OCEAN__EVENT_LISTENER__TYPE
          value: ONCE
        - name: OCEAN__INITIALIZE_PORT_RESOURCES
          value: "false"
        {{- end }}
        {{- with $values.extraEnv }}
        {{- tpl (toYaml .) $root | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- if not .isJob }}
      ports:
        - name: http
          containerPort: 8000
          protocol: TCP
      {{- include "ocean-custom.probes" $root | nindent 6 }}
      {{- end }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - name: temporary
          mountPath: /tmp/ocean
        {{- if .instance.mapping }}
        - name: mapping
          mountPath: /mapping
          readOnly: true
        {{- end }}
        {{- if $values.selfSignedCertificate.enabled }}
        - name: certificate
          mountPath: /usr/local/share/ca-certificates/cert.crt
          subPath: cert.crt
          readOnly: true
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- tpl (toYaml .) $root | nindent 8 }}
        {{- end }}
  volumes:
    - name: temporary
      emptyDir: {{- toYaml $values.temporaryVolume | nindent 8 }}
    {{- if .instance.mapping }}
    - name: mapping
      configMap:
        name: {{ .instance.name }}-mapping
    {{- end }}
    {{- if $values.selfSignedCertificate.enabled }}
    - name: certificate
      secret:
        secretName: {{ include "ocean-custom.certificateSecret" $root }}
        items:
          - key: {{ $values.selfSignedCertificate.secret.key }}
            path: cert.crt
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- tpl (toYaml .) $root | nindent 4 }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Probes ask Ocean's own health endpoints, below the path prefix. */}}
{{- define "ocean-custom.probes" -}}
{{- $prefix := include "ocean-custom.pathPrefix" . -}}
{{- if .Values.livenessProbe.enabled -}}
startupProbe:
  httpGet:
    path: {{ $prefix }}/health/live
    port: http
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: {{ $prefix }}/health/live
    port: http
  {{- omit .Values.livenessProbe "enabled" | toYaml | nindent 2 }}
{{- end }}
{{- if .Values.readinessProbe.enabled }}
readinessProbe:
  httpGet:
    path: {{ $prefix }}/health/ready
    port: http
  {{- omit .Values.readinessProbe "enabled" | toYaml | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The spec of a Job that is one resync. Takes root, instance and isIncremental. */}}
{{- define "ocean-custom.job" -}}
{{- $cron := .root.Values.workload.cron -}}
# A failed resync waits for the next one of the schedule; a pod that was evicted is replaced.
backoffLimit: 0
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
{{- with $cron.resyncTimeoutMinutes }}
activeDeadlineSeconds: {{ mul . 60 }}
{{- end }}
template:
  {{- include "ocean-custom.pod" (dict "root" .root "instance" .instance "isJob" true "isIncremental" .isIncremental) | nindent 2 }}
{{- end -}}
