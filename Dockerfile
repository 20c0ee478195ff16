# tshark with the plugin, and toa-scan:
#   docker build -t toa .
#   docker run --rm -v "$PWD:/captures:ro" toa /captures                     toa-scan; its exit status
#   docker run --rm -v "$PWD:/captures:ro" --entrypoint tshark toa -r /captures/x.pcap -q -z toa,explain
# tests/container/run walks these steps in roots made by debootstrap; a builder of containers has never seen them.
FROM debian:12-slim AS build
COPY . /src
WORKDIR /src
RUN rm -rf build && sh cmake/bootstrap.sh build
RUN apt-get install -q -y --no-install-recommends dpkg-dev file && cpack --config build/release/CPackConfig.cmake

FROM debian:12-slim
COPY --from=build /src/build/release/package/*.deb /tmp/package/
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends tshark /tmp/package/*.deb && rm -rf /tmp/package /var/lib/apt/lists/*
USER 65534:65534
WORKDIR /tmp
ENTRYPOINT ["toa-scan"]
