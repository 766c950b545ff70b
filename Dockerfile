# Any image with Python 3.12 or newer as `python3`, its venv module and the public CA certificates.
ARG BASE_IMAGE=python:3.12-slim
# As in pyproject.toml, which the build checks.
ARG VERSION=0.1.0

FROM ${BASE_IMAGE} AS build

WORKDIR /build
COPY requirements-uv.txt ./
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir \
        --require-hashes -r requirements-uv.txt

COPY requirements.txt docker/unused.txt ./
# Compiled here, because nothing can be written where the image runs.
RUN /opt/uv/bin/uv venv --quiet --no-python-downloads --python "$(command -v python3)" /opt/venv \
    && /opt/uv/bin/uv pip sync --quiet --no-cache --system-certs --link-mode copy --no-build \
        --compile-bytecode --require-hashes --python /opt/venv/bin/python requirements.txt \
    && sed '/^#/d' unused.txt >paths \
    && xargs -I UNUSED find /opt/venv/lib -path '*/site-packages/UNUSED' -prune -exec rm -r '{}' + <paths

# What .dockerignore lets through.
WORKDIR /app
COPY . .
ARG VERSION
# Readable for every user, whatever the permissions of the checkout.
RUN if ! grep -qx "version = \"${VERSION}\"" pyproject.toml; then \
        echo "VERSION is ${VERSION}, but not in pyproject.toml" >&2; exit 1; \
    fi; \
    rm requirements.txt requirements-uv.txt docker/unused.txt \
    && install -m 755 docker/ocean-custom /opt/venv/bin/ocean-custom \
    && /opt/venv/bin/python -m compileall -q . && chmod -R u=rwX,go=rX .


FROM ${BASE_IMAGE}

ARG VERSION
LABEL org.opencontainers.image.title="Ocean Custom" \
      org.opencontainers.image.description="Brings any REST API into a Port catalog from configuration alone" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"

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
