import type { Method } from './app.ts'

export type Route = { method: Method; path: string }

/** Every route of a service, from Fastify's own tree as text (`app.printRoutes({ commonPrefix: false })`): each level four characters further right. */
export function routesIn(tree: string): Route[] {
  const routes: Route[] = []
  const above: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent = '', path = '', methods = ''] = /^([│ ]*[└├]── )(.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    if (path === '') continue
    const level = indent.length / 4
    above.splice(level - 1)
    above.push(path)
    const whole = above.join('').replaceAll('//', '/')
    for (const method of methods.split(', ')) {
      if (/^(GET|POST|PUT|PATCH|DELETE)$/.test(method)) routes.push({ method: method as Method, path: whole })
    }
  }
  return routes
}
