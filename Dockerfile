# exportctl in an image: no build tools, no pip, no root. docs/how-to/install.md shows how to build and run it.
#
# Pin the base before you rely on the image: --build-arg BASE=python:3.13-slim-bookworm@sha256:… with the digest that
# `docker buildx imagetools inspect python:3.13-slim-bookworm` prints. Both bases must have the same Python.
ARG BASE=python:3.13-slim-bookworm
ARG BUILD_BASE=${BASE}

FROM ${BUILD_BASE} AS build
WORKDIR /sources
COPY requirements-build.txt requirements.txt ./
# The two secrets are optional: a pip.conf that names your index, and the certificates that it needs. They stay out of
# the image. Every file is checked against its hash.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.pem \
    python3 -m venv /opt/build \
    && python3 -m venv --without-pip /opt/exportctl \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-build.txt \
    && /opt/build/bin/pip --python /opt/exportctl/bin/python install --no-cache-dir --require-hashes \
        --only-binary :all: -r requirements.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/build/bin/pip --python /opt/exportctl/bin/python install --no-deps --no-index /wheels/*.whl

FROM ${BASE}
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="exportctl" \
      org.opencontainers.image.description="Adobe Experience Platform dataset exports as code" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# The pip of the base is of no use here.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/pip*
COPY --from=build /opt/exportctl /opt/exportctl
# The root file system may be read-only: what is compiled is in the image.
ENV PATH=/opt/exportctl/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["exportctl"]
CMD ["--help"]
