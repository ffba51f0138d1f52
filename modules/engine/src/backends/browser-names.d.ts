// onnxruntime-common's declarations name types of the browser, which this project's compiler does not load: its programs
// run on Node.js. Empty stand-ins keep library checking on.
interface HTMLImageElement {}
interface ImageBitmap {}
interface ImageData {}
interface WebGLRenderingContext {}
interface WebGLTexture {}
