{{/* The name of the chart, as labels carry it. */}}
{{- define "ocean-custom.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of what the release has one of; 52 characters are what a CronJob may have. */}}
{{- define "ocean-custom.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* What selects the pods of the release. */}}
{{- define "ocean-custom.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ocean-custom.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ocean-custom.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "ocean-custom.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* registry/name:tag; a tag or digest that the name brings along stays. */}}
{{- define "ocean-custom.image" -}}
{{- $needed := "image: is required: the image that `make image` builds, or imageRegistry where it is called port-ocean-custom" -}}
{{- $name := .Values.image | default (ternary "port-ocean-custom" "" (not (empty .Values.imageRegistry))) | required $needed -}}
{{- if .Values.imageRegistry -}}
{{- $name = printf "%s/%s" (trimSuffix "/" .Values.imageRegistry) $name -}}
{{- end -}}
{{- if contains ":" (base $name) -}}
{{- $name -}}
{{- else -}}
{{- printf "%s:%s" $name (.Values.integration.version | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "ocean-custom.serviceAccountName" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "ocean-custom.fullname" .) "default" -}}
{{- .Values.serviceAccount.name | default (.Values.podServiceAccount).name | default $own -}}
{{- end -}}

{{/* The names of the Secrets with credentials, as a JSON list. */}}
{{- define "ocean-custom.secretNames" -}}
{{- $names := .Values.secret.name -}}
{{- if .Values.secret.create -}}
{{- if kindIs "slice" $names -}}
{{- fail "secret.name: is a list, which only makes sense for Secrets that exist; set secret.create to false" -}}
{{- end -}}
{{- $names = $names | default (include "ocean-custom.fullname" .) -}}
{{- else if not $names -}}
{{- fail "secret.name: is required with secret.create=false: the name of a Secret (or a list of names) with the keys OCEAN__PORT__CLIENT_ID, OCEAN__PORT__CLIENT_SECRET and those of the secret settings, such as OCEAN__INTEGRATION__CONFIG__API_TOKEN" -}}
{{- end -}}
{{- kindIs "slice" $names | ternary $names (list $names) | toJson -}}
{{- end -}}

{{/* baseUrl is BASE_URL, as Ocean's own name conversion has it. */}}
{{- define "ocean-custom.variable" -}}
{{- regexReplaceAll "([A-Z])" . "_${1}" | upper -}}
{{- end -}}

{{/* Text stays as it is; numbers, booleans, lists and objects are JSON. */}}
{{- define "ocean-custom.text" -}}
{{- kindIs "string" . | ternary . (toRawJson .) -}}
{{- end -}}

{{/*
The settings below integration.config or integration.secrets (.group), as JSON, by the names of the spec: old examples have
some of them in snake_case. One that is given in both spellings is refused.
*/}}
{{- define "ocean-custom.named" -}}
{{- $known := dict -}}
{{- range (.root.Files.Get "files/settings.json" | fromJson).names -}}
{{- $_ := set $known (include "ocean-custom.variable" .) . -}}
{{- end -}}
{{- $group := .group -}}
{{- $named := dict -}}
{{- range $name, $value := index .root.Values.integration $group -}}
{{- $is := get $known (include "ocean-custom.variable" $name) | default $name -}}
{{- if hasKey $named $is -}}
{{- fail (printf "integration.%s: has %s in two spellings; give it once" $group $is) -}}
{{- end -}}
{{- $_ := set $named $is $value -}}
{{- end -}}
{{- toJson $named -}}
{{- end -}}

{{/* Settings by name to environment variables, as JSON; null counts as not given. */}}
{{- define "ocean-custom.settings" -}}
{{- $variables := dict -}}
{{- range $name, $value := . -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $variable := printf "OCEAN__INTEGRATION__CONFIG__%s" (include "ocean-custom.variable" $name) -}}
{{- $_ := set $variables $variable (include "ocean-custom.text" $value) -}}
{{- end -}}
{{- end -}}
{{- toJson $variables -}}
{{- end -}}

{{/*
Settings that no version has, as a JSON list of places; those that are evidently misspelt are refused: one letter is missing,
one too many, another one, or two are swapped. The integration itself compares more closely when it starts.
*/}}
{{- define "ocean-custom.unknownSettings" -}}
{{- $file := .Files.Get "files/settings.json" | fromJson -}}
{{- $config := include "ocean-custom.named" (dict "root" . "group" "config") | fromJson -}}
{{- $given := merge $config (include "ocean-custom.named" (dict "root" . "group" "secrets") | fromJson) -}}
{{- $known := dict -}}
{{- range $file.names -}}
{{- $_ := set $known (include "ocean-custom.plainName" .) . -}}
{{- end -}}
{{- $unknown := list -}}
{{- range $group := list "config" "secrets" -}}
{{- range $name, $value := index $.Values.integration $group -}}
{{- $place := printf "integration.%s.%s" $group $name -}}
{{- $plain := include "ocean-custom.plainName" $name -}}
{{- $setting := get $known $plain -}}
{{- $isOne := and $setting (eq (include "ocean-custom.variable" $name) (include "ocean-custom.variable" $setting)) -}}
{{- if not (or $isOne (kindIs "invalid" $value)) -}}
{{- if hasKey $file.ofOldExamples $name -}}
{{- fail (printf "%s: is no setting, and nothing reads it; use %s" $place (get $file.ofOldExamples $name)) -}}
{{- end -}}
{{- range $meant := $file.names -}}
{{- $is := include "ocean-custom.plainName" $meant -}}
{{- range $at, $_ := until (len $is) -}}
{{- $start := substr 0 $at $is -}}
{{- $slip := printf "%s.{0,2}%s|%s..%s" $start (substr (add1 $at | int) (len $is) $is) $start (substr (min (add $at 2) (len $is) | int) (len $is) $is) -}}
{{- if and (not (hasKey $given $meant)) (regexMatch (printf "^(%s)$" $slip) $plain) -}}
{{- fail (printf "%s: is no setting; did you mean %s?" $place $meant) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $unknown = append $unknown $place -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $unknown | sortAlpha | toJson -}}
{{- end -}}

{{/* A name without what may differ in how it is spelt: Page_Size is pagesize. */}}
{{- define "ocean-custom.plainName" -}}
{{- . | lower | replace "_" "" | replace "-" "" -}}
{{- end -}}

{{/* What of integration.config is a secret by the spec, and belongs into the Secret therefore. */}}
{{- define "ocean-custom.secretsInConfig" -}}
{{- $sensitive := (.Files.Get "files/settings.json" | fromJson).sensitive -}}
{{- $found := dict -}}
{{- range $name, $value := include "ocean-custom.named" (dict "root" . "group" "config") | fromJson -}}
{{- if has $name $sensitive -}}
{{- $_ := set $found $name $value -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* The path below which Ocean serves: from pathPrefix, integration.extraConfig or extraEnv. */}}
{{- define "ocean-custom.pathPrefix" -}}
{{- $prefix := .Values.pathPrefix | default .Values.integration.extraConfig.pathPrefix -}}
{{- range .Values.extraEnv -}}
{{- if eq .name "OCEAN__PATH_PREFIX" -}}
{{- $prefix = .value -}}
{{- end -}}
{{- end -}}
{{- $prefix = trimAll "/" ($prefix | default "") -}}
{{- if $prefix -}}/{{ $prefix }}{{- end -}}
{{- end -}}

{{- define "ocean-custom.hasMetrics" -}}
{{- if and .Values.serviceMonitor.enabled (eq .Values.workload.kind "Deployment") -}}true{{- end -}}
{{- end -}}

{{/* The address of live events, where they are wanted and can arrive. */}}
{{- define "ocean-custom.liveEvents" -}}
{{- $url := .Values.liveEvents.baseUrl -}}
{{- if and $url (ne .Values.workload.kind "Deployment") -}}
{{- fail "liveEvents.baseUrl: needs workload.kind Deployment; a Job ends before events can arrive" -}}
{{- end -}}
{{- if and $url .Values.integration.shards -}}
{{- fail "liveEvents.baseUrl: cannot be used with integration.shards; each event would reach one of the shards only" -}}
{{- end -}}
{{- if and $url .Values.networkPolicy.enabled (not .Values.networkPolicy.ingressFrom) -}}
{{- fail "networkPolicy.ingressFrom: is required with liveEvents.baseUrl: who may send events, such as the namespace of the ingress controller" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not $url) -}}
{{- fail "liveEvents.baseUrl: is required with ingress.enabled: the address that webhooks reach, such as https://hooks.example.com" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (urlParse $url).path (ne (urlParse $url).path "/") -}}
{{- fail "liveEvents.baseUrl: has a path, which the Ingress would not take off again; give it as pathPrefix" -}}
{{- end -}}
{{- $url -}}
{{- end -}}

{{/* The name of the workload of incremental runs; a CronJob's may have 52 characters. */}}
{{- define "ocean-custom.incrementalName" -}}
{{- if gt (len .) 40 -}}
{{- printf "%s-%s-incremental" (. | trunc 31 | trimSuffix "-") (sha256sum . | trunc 8) -}}
{{- else -}}
{{- printf "%s-incremental" . -}}
{{- end -}}
{{- end -}}
