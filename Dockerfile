# Any image with Python 3.12 or newer as `python3`, its venv module and the public CA certificates.
ARG BASE_IMAGE=python:3.12-slim
# Where this folder is in the context: Port's monorepo builds with its own root as the context.
ARG BUILD_CONTEXT=.
# As in pyproject.toml, which the build checks.
ARG INTEGRATION_VERSION=0.1.0

FROM ${BASE_IMAGE} AS build

ARG BUILD_CONTEXT
WORKDIR /build
COPY ${BUILD_CONTEXT}/requirements-uv.txt ./
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir \
        --require-hashes -r requirements-uv.txt

COPY ${BUILD_CONTEXT}/requirements.txt ${BUILD_CONTEXT}/docker/unused.txt ./
# Compiled here, because nothing can be written where the image runs.
RUN /opt/uv/bin/uv venv --quiet --no-python-downloads --python "$(command -v python3)" /opt/venv \
    && /opt/uv/bin/uv pip sync --quiet --no-cache --system-certs --link-mode copy --no-build \
        --compile-bytecode --require-hashes --python /opt/venv/bin/python requirements.txt \
    && sed '/^#/d' unused.txt >paths \
    && xargs -I UNUSED find /opt/venv/lib -path '*/site-packages/UNUSED' -prune -exec rm -r '{}' + <paths

# By name, because in a monorepo another .dockerignore holds.
WORKDIR /app
COPY ${BUILD_CONTEXT}/*.py ${BUILD_CONTEXT}/pyproject.toml ${BUILD_CONTEXT}/LICENSE ./
COPY ${BUILD_CONTEXT}/.port ./.port
COPY ${BUILD_CONTEXT}/auth ./auth
COPY ${BUILD_CONTEXT}/cache ./cache
COPY ${BUILD_CONTEXT}/cli ./cli
COPY ${BUILD_CONTEXT}/docker ./docker
COPY ${BUILD_CONTEXT}/expressions ./expressions
COPY ${BUILD_CONTEXT}/formats ./formats
COPY ${BUILD_CONTEXT}/framework ./framework
COPY ${BUILD_CONTEXT}/live_events ./live_events
COPY ${BUILD_CONTEXT}/mapping ./mapping
COPY ${BUILD_CONTEXT}/pagination ./pagination
COPY ${BUILD_CONTEXT}/probe ./probe
COPY ${BUILD_CONTEXT}/reading ./reading
COPY ${BUILD_CONTEXT}/settings ./settings
COPY ${BUILD_CONTEXT}/transport ./transport
ARG INTEGRATION_VERSION
# Readable for every user, whatever the permissions of the checkout.
RUN if ! grep -qx "version = \"${INTEGRATION_VERSION}\"" pyproject.toml; then \
        echo "INTEGRATION_VERSION is ${INTEGRATION_VERSION}, but not in pyproject.toml" >&2; exit 1; \
    fi; \
    find . -name __pycache__ -prune -exec rm -r '{}' + \
    && rm docker/unused.txt \
    && install -m 755 docker/ocean-custom /opt/venv/bin/ocean-custom \
    && /opt/venv/bin/python -m compileall -q . && chmod -R u=rwX,go=rX .


FROM ${BASE_IMAGE}

ARG INTEGRATION_VERSION
LABEL org.opencontainers.image.title="Ocean Custom" \
      org.opencontainers.image.description="Brings any REST API into a Port catalog from configuration alone" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${INTEGRATION_VERSION}"

# The only place that is written to, by whatever user the container runs as.
RUN mkdir -m 1777 /tmp/ocean

COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app

# Mappings are edited in Port, often by more people than may know the secrets in the environment;
# set the JQ access to true for mappings that read the environment.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp/ocean \
    TMPDIR=/tmp/ocean \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OCEAN__ALLOW_ENVIRONMENT_VARIABLES_JQ_ACCESS=false

USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-P", "/app/docker/healthcheck.py"]

# -P: the directory of the script is no place to import from.
ENTRYPOINT ["python", "-P", "/app/docker/entrypoint.py"]
