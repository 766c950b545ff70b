{{/*
The running instances of the release, as a JSON list: one, or one for each shard. Each has
name (of its objects), component (its label), identifier (in Port) and mapping.
*/}}
{{- define "ocean-custom.instances" -}}
{{- $identifier := required "integration.identifier: is required. It tells installations apart, and entities belong to it: choose one per API and keep it" .Values.integration.identifier -}}
{{- include "ocean-custom.checkMapping" . -}}
{{- $name := include "ocean-custom.fullname" . -}}
{{- $mapping := .Values.integration.mapping -}}
{{- $instances := list -}}
{{- if .Values.integration.shards -}}
{{- include "ocean-custom.checkShards" . -}}
{{- range .Values.integration.shards -}}
{{- $kinds := .kinds -}}
{{- $resources := list -}}
{{- range $mapping.resources -}}
{{- if has .kind $kinds -}}
{{- $resources = append $resources . -}}
{{- end -}}
{{- end -}}
{{- $short := $name | trunc (sub 51 (len .name) | int) | trimSuffix "-" -}}
{{- $instances = append $instances (dict
  "name" (printf "%s-%s" $short .name)
  "component" .name
  "identifier" (printf "%s-%s" $identifier .name)
  "mapping" (set (omit $mapping "resources") "resources" $resources)) -}}
{{- end -}}
{{- else -}}
{{- $instances = list (dict "name" $name "component" "integration" "identifier" $identifier "mapping" $mapping) -}}
{{- end -}}
{{- toJson $instances -}}
{{- end -}}

{{- define "ocean-custom.checkMapping" -}}
{{- $given := or .Values.integration.mapping .Values.integration.blueprints -}}
{{- if and $given (not .Values.initializePortResources) -}}
{{- fail "integration.mapping: is written into Port at the first start only when initializePortResources is true; set it, or leave integration.mapping and integration.blueprints out" -}}
{{- end -}}
{{- end -}}

{{/* Every kind of the mapping is in exactly one shard: none is forgotten, none is read twice. */}}
{{- define "ocean-custom.checkShards" -}}
{{- $resources := .Values.integration.mapping.resources -}}
{{- if not $resources -}}
{{- fail "integration.shards: needs integration.mapping with its resources, which the shards divide among them" -}}
{{- end -}}
{{- if .Values.integration.blueprints -}}
{{- fail "integration.blueprints: cannot be combined with integration.shards, whose instances would create them at the same time; create the blueprints in Port first" -}}
{{- end -}}
{{- $kinds := list -}}
{{- range $resources -}}
{{- $kinds = append $kinds .kind -}}
{{- end -}}
{{- $owners := dict -}}
{{- $names := list -}}
{{- range $shard := .Values.integration.shards -}}
{{- if has $shard.name $names -}}
{{- fail (printf "integration.shards: there are two shards named %s; each needs a name of its own" $shard.name) -}}
{{- end -}}
{{- $names = append $names $shard.name -}}
{{- range $kind := $shard.kinds -}}
{{- if not (has $kind $kinds) -}}
{{- fail (printf "integration.shards: shard %s has the kind %s, which integration.mapping does not have; its kinds are: %s" $shard.name $kind (uniq $kinds | join ", ")) -}}
{{- end -}}
{{- if hasKey $owners $kind -}}
{{- fail (printf "integration.shards: the kind %s is in the shards %s and %s; put it into one" $kind (get $owners $kind) $shard.name) -}}
{{- end -}}
{{- $_ := set $owners $kind $shard.name -}}
{{- end -}}
{{- end -}}
{{- range $kind := $kinds -}}
{{- if not (hasKey $owners $kind) -}}
{{- fail (printf "integration.shards: the kind %s of integration.mapping is in no shard, so nothing would read it" $kind) -}}
{{- end -}}
{{- end -}}
{{- end -}}
