import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, createWebSocketStream } from 'ws';

/** Where IoT Hub takes MQTT over WebSocket. */
const PATH = '/$iothub/websocket';
const SUB_PROTOCOL = 'mqtt';
/** An MQTT packet with its header; a message of the WebSocket holds one or a part of one. */
const MAX_FRAME_BYTES = 512 * 1024;

/** Turns requests for a WebSocket into streams that carry MQTT. */
export class WebSocketStreams implements Disposable {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
  });
  readonly #accept: (stream: Duplex) => void;

  constructor(accept: (stream: Duplex) => void) {
    this.#accept = accept;
  }

  /** Answers a request to change from HTTP to a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (path !== PATH) refuse(socket, 404, `MQTT is at ${PATH}`);
    else if (!offered.includes(SUB_PROTOCOL)) refuse(socket, 400, `the sub-protocol must be "${SUB_PROTOCOL}"`);
    else {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        this.#accept(createWebSocketStream(webSocket));
      });
    }
  }

  [Symbol.dispose](): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const title = status === 404 ? 'Not Found' : 'Bad Request';
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
  );
}
