FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY rollout.yaml ./
# .dockerignore keeps tests and the parts for local use out.
COPY src ./src
# By number, so that a cluster can see that it is not root: the image's user `node`.
USER 1000:1000
EXPOSE 8080 8081 8090
# The controller is the same image with `node src/controller.ts`.
CMD ["node", "src/service.ts"]
