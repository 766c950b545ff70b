{{/* The environment of an instance that is no secret, as the data of a ConfigMap. */}}
{{- define "ocean-custom.environment" -}}
{{- $values := .root.Values -}}
{{- $_ := include "ocean-custom.unknownSettings" .root -}}
{{- $variables := dict
  "OCEAN__PORT__BASE_URL" $values.port.baseUrl
  "OCEAN__INTEGRATION__IDENTIFIER" .instance.identifier
  "OCEAN__INTEGRATION__TYPE" $values.integration.type
  "OCEAN__INITIALIZE_PORT_RESOURCES" $values.initializePortResources
  "OCEAN__SEND_RAW_DATA_EXAMPLES" $values.sendRawDataExamples
  "OCEAN__ALLOW_ENVIRONMENT_VARIABLES_JQ_ACCESS" $values.allowEnvironmentVariablesJqAccess
  "OCEAN__CLIENT_TIMEOUT" $values.clientTimeout
  "OCEAN__SCHEDULED_RESYNC_INTERVAL" (include "ocean-custom.interval" .root)
  "OCEAN__PATH_PREFIX" $values.pathPrefix
  "OCEAN__BASE_URL" (include "ocean-custom.liveEvents" .root)
  "OCEAN__RESOURCES_PATH" (empty .instance.mapping | ternary "" "/mapping")
  "OCEAN__METRICS__ENABLED" (include "ocean-custom.hasMetrics" .root)
-}}
{{- range $name, $value := $values.integration.extraConfig -}}
{{- $_ := set $variables (printf "OCEAN__%s" (include "ocean-custom.variable" $name)) $value -}}
{{- end -}}
{{- $listener := $values.integration.eventListener -}}
{{- if eq $values.workload.kind "CronJob" -}}
{{- $listener = dict "type" "ONCE" -}}
{{- end -}}
{{- range $name, $value := $listener -}}
{{- $_ := set $variables (printf "OCEAN__EVENT_LISTENER__%s" (include "ocean-custom.variable" $name)) $value -}}
{{- end -}}
{{- $secrets := include "ocean-custom.secretsInConfig" .root | fromJson -}}
{{- $plain := include "ocean-custom.named" (dict "root" .root "group" "config") | fromJson -}}
{{- range $name, $_ := $secrets -}}
{{- $plain = omit $plain $name -}}
{{- end -}}
{{- $variables = merge (include "ocean-custom.settings" $plain | fromJson) $variables -}}
{{- range $name, $value := $variables -}}
{{- if not (or (kindIs "invalid" $value) (and (kindIs "string" $value) (empty $value))) }}
{{ $name }}: {{ include "ocean-custom.text" $value | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Minutes between the resyncs of a Deployment; a CronJob has its schedule instead. */}}
{{- define "ocean-custom.interval" -}}
{{- if and (eq .Values.workload.kind "Deployment") (not (kindIs "invalid" .Values.scheduledResyncInterval)) -}}
{{- $interval := include "ocean-custom.text" .Values.scheduledResyncInterval -}}
{{- if and $interval (not (regexMatch "^[1-9][0-9]*$" $interval)) -}}
{{- fail (printf "scheduledResyncInterval: is %q; with workload.kind Deployment give minutes, such as 60" $interval) -}}
{{- end -}}
{{- $interval -}}
{{- end -}}
{{- end -}}

{{/* The cron expression of a CronJob. */}}
{{- define "ocean-custom.schedule" -}}
{{- $schedule := .Values.scheduledResyncInterval | default "" | toString -}}
{{- if not (regexMatch "^(@[a-z]+|(\\S+\\s+){4}\\S+)$" $schedule) -}}
{{- fail (printf "scheduledResyncInterval: is %q; with workload.kind CronJob give a cron expression, such as \"0 * * * *\" for every hour" $schedule) -}}
{{- end -}}
{{- $schedule -}}
{{- end -}}

{{/* The environment that is secret, as the data of the Secret that the chart creates. */}}
{{- define "ocean-custom.secretData" -}}
{{- $inConfig := include "ocean-custom.secretsInConfig" . | fromJson -}}
{{- $secrets := include "ocean-custom.named" (dict "root" . "group" "secrets") | fromJson -}}
{{- $variables := include "ocean-custom.settings" (merge $secrets $inConfig) | fromJson -}}
{{- if .Values.secret.create -}}
{{- $advice := "set it, or give the name of an existing Secret as secret.name and secret.create=false" -}}
{{- $_ := set $variables "OCEAN__PORT__CLIENT_ID" (required (printf "port.clientId: is required; %s" $advice) .Values.port.clientId) -}}
{{- $_ := set $variables "OCEAN__PORT__CLIENT_SECRET" (required (printf "port.clientSecret: is required; %s" $advice) .Values.port.clientSecret) -}}
{{- $config := include "ocean-custom.named" (dict "root" . "group" "config") | fromJson -}}
{{- if not (or $config.baseUrl $secrets.baseUrl) -}}
{{- fail "integration.config.baseUrl: is required: the root of the API, such as https://api.example.com/v2" -}}
{{- end -}}
{{- range $name, $value := $variables }}
{{ $name }}: {{ $value | b64enc | quote }}
{{- end -}}
{{- else if $variables -}}
{{- fail (printf "integration.secrets: cannot be stored with secret.create=false; put %s into the Secret that secret.name names, and leave them out here" (keys $variables | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}

{{- define "ocean-custom.certificateSecret" -}}
{{- $certificate := .Values.selfSignedCertificate -}}
{{- if $certificate.secret.useExistingSecret -}}
{{- required "selfSignedCertificate.secret.name: is required with useExistingSecret" $certificate.secret.name -}}
{{- else -}}
{{- $certificate.secret.name | default (printf "%s-certificate" (include "ocean-custom.fullname" .)) -}}
{{- end -}}
{{- end -}}
