/**
 * Fills in what Node.js 20 lacks. Images for arm32v7 carry it, because there is no newer one for that platform.
 */
export function fillInOlderNode(): void {
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
