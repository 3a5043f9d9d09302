import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import { actingFor, seesAll } from '../participants/actor.ts'
import * as product from './product.ts'
import * as schema from './schema.ts'
import * as store from './store.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Registers']

export const productRoutes: FastifyPluginAsyncTypebox<product.ProductDeps> = async (app, deps) => {
  await app.register(groupRoutes, deps)
  await app.register(cardRoutes, deps)
  await app.register(importerRoutes, deps)
}

const groupRoutes: FastifyPluginAsyncTypebox<product.ProductDeps> = async (app, deps) => {
  app.post(
    '/product-groups',
    {
      config: { roles: ['operator'], administrative: true },
      schema: {
        tags,
        summary: 'Add a product group',
        body: schema.NewProductGroup,
        response: { 201: schema.ProductGroup, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await product.addGroup(deps, request.actor, request.body)),
  )
  app.get(
    '/product-groups',
    {
      schema: {
        tags,
        summary: 'Product groups',
        querystring: schema.PageQuery,
        response: { 200: Type.Array(schema.ProductGroup), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await store.listGroups(deps.db, afterNumber(page) ?? 0, page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no)
    },
  )
  app.patch(
    '/product-groups/:id',
    {
      config: { roles: ['operator'], administrative: true },
      schema: {
        tags,
        summary: 'Change a product group',
        params: schema.GroupParams,
        body: schema.ProductGroupChange,
        response: { 200: schema.ProductGroup, ...refusals },
      },
    },
    async (request) => product.changeGroup(deps, request.actor, request.params.id, request.body),
  )
}

const cardRoutes: FastifyPluginAsyncTypebox<product.ProductDeps> = async (app, deps) => {
  app.post(
    '/products',
    {
      config: { roles: ['producer', 'importer'], administrative: true },
      schema: {
        tags,
        summary: 'Register a product',
        body: schema.NewProduct,
        response: { 200: schema.Product, 201: schema.Product, ...refusals },
      },
    },
    async (request, reply) => {
      const registered = await product.registerProduct(deps, request.actor, request.body)
      return reply.code(registered.isNew ? 201 : 200).send(registered.product)
    },
  )
  app.get(
    '/products',
    {
      schema: {
        tags,
        summary: 'Products you own or import; authorities see all',
        querystring: schema.ProductQuery,
        response: { 200: Type.Array(schema.Product), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const whose = seesAll(request.actor.participant) ? undefined : actingFor(request.actor).no
      const rows = await store.listProducts(
        deps.db,
        whose,
        request.query.group,
        afterNumber(page) ?? 0,
        page.perPage + 1,
      )
      return sendPage(request, reply, page, rows, (row) => row.no).map(product.productBody)
    },
  )
  app.get(
    '/products/:gtin',
    {
      schema: {
        tags,
        summary: 'One product',
        params: schema.ProductParams,
        response: { 200: schema.Product, ...refusals },
      },
    },
    async (request) => product.productBody(await product.readProduct(deps.db, request.params.gtin)),
  )
}

const importerRoutes: FastifyPluginAsyncTypebox<product.ProductDeps> = async (app, deps) => {
  app.post(
    '/products/:gtin/importers',
    {
      config: { roles: ['importer'], administrative: true },
      schema: {
        tags,
        summary: 'Become an importer of a product',
        params: schema.ProductParams,
        body: schema.NewImporter,
        response: { 200: schema.Importer, 201: schema.Importer, ...refusals },
      },
    },
    async (request, reply) => {
      const { importer, isNew } = await product.claimImport(deps, request.actor, request.params.gtin)
      return reply.code(isNew ? 201 : 200).send(importer)
    },
  )
  app.get(
    '/products/:gtin/importers',
    {
      schema: {
        tags,
        summary: 'Importers of a product; an importer sees itself',
        params: schema.ProductParams,
        querystring: schema.PageQuery,
        response: { 200: Type.Array(schema.Importer), ...refusals },
      },
    },
    async (request, reply) => {
      const card = await product.readProduct(deps.db, request.params.gtin)
      const page = readPage(request, request.query)
      const only = product.visibleImporters(request.actor, card)
      const rows = await store.listImporters(deps.db, card.no, only, afterNumber(page) ?? 0, page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map((row) => product.importerBody(card.gtin, row))
    },
  )
  app.delete(
    '/products/:gtin/importers/:id',
    {
      config: { administrative: true },
      schema: {
        tags,
        summary: 'Withdraw the right to import',
        params: schema.ImporterParams,
        response: { 204: Type.Null(), ...refusals },
      },
    },
    async (request, reply) => {
      await product.withdrawImport(deps, request.actor, request.params.gtin, request.params.id)
      return reply.code(204).send(null)
    },
  )
}
