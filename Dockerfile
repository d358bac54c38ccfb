# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /laurel
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json mikro-orm.config.ts ./
COPY src src
COPY migrations migrations
RUN npm run build && find dist -name '*.map' -delete

FROM node:24-bookworm-slim AS dependencies
WORKDIR /laurel
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node: the runtime packages for machines without one only add weight.
RUN npm ci --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node \
  && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /laurel
COPY --from=dependencies /laurel/node_modules node_modules
COPY --from=build /laurel/dist dist
COPY package.json ./
RUN ln -s /laurel/dist/src/cli/main.js /usr/local/bin/laurel && chmod +x dist/src/cli/main.js
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["serve"]
