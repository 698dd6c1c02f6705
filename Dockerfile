# Builds the image of the agent and its command line.
#
#   docker build -t fwagent .
#   docker run --network host --cap-drop ALL --cap-add BPF --cap-add NET_ADMIN --cap-add PERFMON \
#     -v /sys/fs/bpf:/sys/fs/bpf -v /run/fwagent:/run/fwagent \
#     -v /var/lib/fwagent:/var/lib/fwagent fwagent --interface eth0
#
# The three folders are the host's, so that the filter, the socket and the rules
# outlive the container.
FROM debian:12-slim AS build
WORKDIR /src
COPY deploy/packages.sh deploy/
COPY deploy/packages deploy/packages
RUN deploy/packages.sh install build
COPY . .
RUN cmake --preset release -DFW_TESTS=OFF \
    && cmake --build build/release --target fwagent fwctl \
    && install -D --strip -t /out/usr/sbin build/release/agent/fwagent \
    && install -D --strip -t /out/usr/bin build/release/client/fwctl \
    && deploy/packages.sh libraries-of /out/usr/sbin/fwagent /out/usr/bin/fwctl \
       > /out/packages \
    && echo libpcap0.8 >> /out/packages

FROM debian:12-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="fwagent" \
      org.opencontainers.image.description="XDP firewall, controlled over gRPC" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/packages /tmp/packages
RUN apt-get update \
    && xargs -a /tmp/packages apt-get install -y --no-install-recommends \
    && rm -rf /tmp/packages /var/lib/apt/lists/* /var/cache/apt/* \
       /var/log/apt /var/log/dpkg.log
COPY --from=build /out/usr /usr
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["fwctl", "status", "--check"]
ENTRYPOINT ["fwagent"]
