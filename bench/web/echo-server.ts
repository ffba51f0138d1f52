/** `echo-server.ts PORT`: the least that a service in Node.js does: Fastify parses a body and answers with it. */
import { fastify } from 'fastify';

const server = fastify({ bodyLimit: 104_857_600 });
server.get('/', () => 'Healthy');
server.post('/score', (request) => request.body);
await server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
