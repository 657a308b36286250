# The reference server for a team or for CI. It trains nothing: see docs/pages/explanation/reference-server.md, "In a container".
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY maas_client maas_client
RUN python -m venv /opt/maas && /opt/maas/bin/pip install --no-cache-dir '.[server]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin maas && install -d -o maas -m 0700 /state
COPY --from=build /opt/maas /opt/maas
ENV PATH=/opt/maas/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME /state
EXPOSE 8443
# Others reach it here, so it wants TLS and a credential; clients trust /state/ca.pem.
ENTRYPOINT ["maas-ft", "serve", "--host", "0.0.0.0", "--port", "8443", "--allow-remote", "--tls", "--state-dir", "/state"]
CMD ["--auth", "strict"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", "import ssl, urllib.request as r; r.urlopen('https://127.0.0.1:8443/_maas/health', timeout=4, context=ssl.create_default_context(cafile='/state/ca.pem'))"]
