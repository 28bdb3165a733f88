# The studio without the embedded engines; docker-compose.yml brings real ones.
FROM python:3.14-slim

ENV PYTHONUNBUFFERED=1 STUDIO_NO_BOOTSTRAP=1 STUDIO_DATA=/data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY . .
# Static files are the image's own; the settings only need to load here.
RUN STUDIO_SECRET_KEY=only-to-load-the-settings-nothing-is-signed-with-this \
    DATABASE_URL=postgres://studio@127.0.0.1:9/imagestudio STUDIO_STATIC=/app/var/static \
    python manage.py collectstatic --noinput \
    && useradd --create-home studio && mkdir /data && chown studio /data
ENV STUDIO_STATIC=/app/var/static STUDIO_WEB_PROCESSES=2
USER studio
EXPOSE 8000
# A shell puts the number of processes in, from where the settings have it, and makes way for them.
CMD ["sh", "-c", "[ -z \"$STUDIO_WEB_PROCESSES_FILE\" ] || STUDIO_WEB_PROCESSES=$(cat \"$STUDIO_WEB_PROCESSES_FILE\"); exec python -m uvicorn imagestudio.asgi:application --http imagestudio.web.protocol:StudioProtocol --no-proxy-headers --host 0.0.0.0 --port 8000 --workers \"$STUDIO_WEB_PROCESSES\" --no-access-log --no-server-header"]
