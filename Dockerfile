# In Person as one slim image: runs without rights, keeps everything in /data.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/crm \
    && /opt/crm/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY crm crm
COPY templates templates
COPY migrations migrations
RUN /opt/build/bin/python -m hatchling build -t wheel -d dist \
    && /opt/crm/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home crm && install -d -o crm -g crm /data
COPY --from=build /opt/crm /opt/crm
ENV PATH=/opt/crm/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CRM_DATA_DIR=/data \
    CRM_HOST=0.0.0.0 \
    CRM_PORT=8000
USER crm
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['CRM_PORT'] + '/healthz', timeout=4)"]
CMD ["crm", "serve"]
