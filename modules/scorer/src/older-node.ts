/**
 * Fills in what Node.js 20 lacks. Images for arm32v7 carry it, because there is no newer one for that platform.
 */
export function fillInOlderNode(): void {
  const scope = globalThis as { AsyncDisposableStack?: unknown };
  scope.AsyncDisposableStack ??= ReplacementStack;
  (Promise as { withResolvers?: unknown }).withResolvers ??= function withResolvers<
    Value,
  >(): PromiseWithResolvers<Value> {
    let resolve: PromiseWithResolvers<Value>['resolve'] = () => {};
    let reject: PromiseWithResolvers<Value>['reject'] = () => {};
    const promise = new Promise<Value>((accept, refuse) => {
      resolve = accept;
      reject = refuse;
    });
    return { promise, resolve, reject };
  };
}

/** As `AsyncDisposableStack` of ECMAScript 2026, but of several failures while closing only the last is thrown. */
class ReplacementStack implements Pick<AsyncDisposableStack, 'adopt' | 'defer' | 'disposed' | 'use'>, AsyncDisposable {
  #steps: (() => unknown)[] = [];
  #isDisposed = false;

  get disposed(): boolean {
    return this.#isDisposed;
  }

  use<Value extends AsyncDisposable | Disposable | null | undefined>(value: Value): Value {
    if (value === null || value === undefined) return value;
    if (Symbol.asyncDispose in value) this.defer(() => value[Symbol.asyncDispose]());
    else this.defer(() => value[Symbol.dispose]());
    return value;
  }

  adopt<Value>(value: Value, close: (value: Value) => PromiseLike<void> | void): Value {
    this.defer(() => close(value));
    return value;
  }

  defer(close: () => PromiseLike<void> | void): void {
    if (this.#isDisposed) throw new ReferenceError('the stack is disposed of already');
    this.#steps.push(close);
  }

  move(): ReplacementStack {
    const moved = new ReplacementStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    this.#isDisposed = true;
    return moved;
  }

  async disposeAsync(): Promise<void> {
    this.#isDisposed = true;
    const failures: unknown[] = [];
    for (let close = this.#steps.pop(); close !== undefined; close = this.#steps.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures.at(-1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }
}
