// The server's API, version 1: the page uses nothing else.

const BASE = "/api/v1";

/** What the server refused, or why it was not reached. `todo`: what a person can do. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail || told.title || "");
    this.status = status;
    this.code = told.code || "";
    this.todo = told.todo || "";
  }
}

/** The problem that a response tells, whatever its body is. */
async function problem(response) {
  const told = await response.json().catch(() => ({}));
  const found = new Problem(response.status, told && typeof told === "object" ? told : {});
  if (response.status === 401) dispatchEvent(new CustomEvent("signed-out"));
  return found;
}

/** Ask; gives the Response. Raises `Problem`, or AbortError if `signal` was raised. */
async function call(method, path, { body, signal } = {}) {
  const given = { method, signal, credentials: "same-origin", headers: {} };
  if (body !== undefined) {
    given.body = JSON.stringify(body);
    given.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(BASE + path, given);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "unreached" });
  }
  if (!response.ok) throw await problem(response);
  return response;
}

const json = async (...given) => (await call(...given)).json();
const id = encodeURIComponent;

/** The path of an instance; rows are numbered within a generation, and another one's is refused. */
export function instancePath(row, part, generation) {
  return `/instances/${id(row)}${part}${generation ? `?generation=${generation}` : ""}`;
}

export const api = {
  session: () => json("GET", "/session"),
  signIn: (name, password) => call("POST", "/session", { body: { name, password } }),
  signOut: () => call("DELETE", "/session"),
  oidc: `${BASE}/session/oidc`,

  scan: (scan) => json("GET", `/scans/${id(scan)}`),
  forget: (scan) => call("DELETE", `/scans/${id(scan)}`),
  query: (body, signal) => json("POST", "/queries", { body, signal }),
  cancel: (work) => call("DELETE", `/running/${id(work)}`),
  maps: (body, signal) => json("POST", "/maps", { body, signal }),
  report: (body, signal) => call("POST", "/reports", { body, signal }),

  index: () => json("GET", "/index"),
  facets: (where = "") => json("GET", `/facets?where=${id(where)}`),
  cases: (where, offset, limit) =>
    json("GET", `/cases?where=${id(where)}&offset=${offset}&limit=${limit}`),
  case: (one) => json("GET", `/cases/${id(one)}`),
  add: (body) => json("POST", "/cases", { body }),
  relabel: (one, label) => json("PATCH", `/cases/${id(one)}`, { body: { label } }),
  remove: (one) => json("DELETE", `/cases/${id(one)}`),
  change: (one) => json("GET", `/changes/${id(one)}`),

  instance: (row, generation, signal) => json("GET", instancePath(row, "", generation), { signal }),
  bytes: async (path, signal) => (await call("GET", path, { signal })).arrayBuffer(),
  blob: async (path, signal) => (await call("GET", path, { signal })).blob(),
  preview: (row, generation) => BASE + instancePath(row, "/preview", generation),
};

/**
 * Send a scan's files. `progress`: called with 0..1 while they are sent, and with null from when
 * the server works on them. Gives the scan as the server describes it.
 */
export function send(files, progress, signal) {
  return new Promise((done, fail) => {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", `${BASE}/scans`);
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    request.upload.onload = () => progress(null);
    request.onload = () => {
      if (request.status === 401) dispatchEvent(new CustomEvent("signed-out"));
      if (request.status < 300 && request.response) done(request.response);
      else fail(new Problem(request.status, request.response || {}));
    };
    request.onerror = () => fail(new Problem(0, { code: "unreached" }));
    request.onabort = () => fail(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
