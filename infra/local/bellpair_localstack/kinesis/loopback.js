// Loaded before the Kinesis server, which would listen on every interface.
const { Server } = require("node:net");

const listen = Server.prototype.listen;

Server.prototype.listen = function (first, ...rest) {
  if (typeof first === "number") {
    return listen.call(this, { port: first, host: "127.0.0.1" }, ...rest.filter(isFunction));
  }
  if (first && typeof first === "object" && "port" in first) {
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...rest);
  }
  return listen.call(this, first, ...rest);
};

function isFunction(given) {
  return typeof given === "function";
}
