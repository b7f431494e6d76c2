// Error messages of EMV 3-D Secure 2.2.0 (Erro: tables A.1 and A.4, its codes: A.5.5): what a server says to a message that it cannot take, and what is
// understood of another's.

import { object, out, type RefusedRequest } from "@enabling-card/doors";
import { type AnswerType, answerFault, type Fault, FIELDS } from "./fields.js";
import { MESSAGE_VERSION } from "./messages.js";

/** Its errorDescription. */
export const ERRO_CODES = {
  101: "Message received invalid",
  102: "Message version number not supported",
  201: "Required data element missing",
  202: "Critical message extension not recognised",
  203: "Format of one or more data elements is invalid according to the specification",
  301: "Transaction ID not recognised",
  305: "Transaction data not valid",
  403: "Transient system failure",
  404: "Permanent system failure",
} as const;

export type ErroCode = `${keyof typeof ERRO_CODES}`;
/** Who found it: 3DS SDK, 3DS server (our domain server), directory server, access control server. */
export type Component = "C" | "S" | "D" | "A";

export interface Erro {
  readonly messageType: "Erro";
  readonly messageVersion: string;
  readonly threeDSServerTransID?: string;
  readonly acsTransID?: string;
  readonly errorCode: ErroCode;
  readonly errorComponent: Component;
  readonly errorDescription: string;
  /** Which element, which version; or, of a failure, the code that this server has for it. Never a value that was sent. */
  readonly errorDetail: string;
  /** Of the message that was refused. */
  readonly errorMessageType: string;
}

/** What is refused with an Erro, on one route. */
export interface ErroRoute {
  readonly component: Component;
  /** Of what is asked there. */
  readonly messageType: "AReq" | "CReq" | "RReq";
  /** Codes of the service's own that the standard has a word for; each other one is a failure. */
  readonly known: Readonly<Record<string, ErroCode>>;
}

/** Codes whose fault is a name of the transaction. */
const TRANS_IDS = ["threeDSServerTransID", "acsTransID"] as const;

/** The message that says no to `request`. */
export function erroOf({ component, messageType, known }: ErroRoute, request: RefusedRequest): Erro {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const named = TRANS_IDS.flatMap((name) => {
    const value = body[name];
    return typeof value === "string" && FIELDS[name].test(value) ? [[name, value] as const] : [];
  });
  const [errorCode, errorDetail] = faultOf(request, messageType, body, known);
  return {
    ...{ messageType: "Erro", messageVersion: MESSAGE_VERSION, ...Object.fromEntries(named) },
    ...{ errorCode, errorComponent: component, errorDescription: ERRO_CODES[errorCode], errorDetail },
    errorMessageType: messageType,
  };
}

function faultOf(
  { refusal, validation }: RefusedRequest,
  messageType: string,
  body: Readonly<Record<string, unknown>>,
  known: ErroRoute["known"],
): readonly [ErroCode, string] {
  const code = known[refusal.code];
  if (code === "301" || code === "305") {
    return [code, TRANS_IDS.filter((name) => body[name] !== undefined).join(", ")];
  }
  if (code !== undefined) return [code, refusal.code];
  if (refusal.http >= 500) return ["404", refusal.code];
  // Which message and of which version it is comes before all that a version asks for.
  if (validation === undefined || body.messageType !== messageType) return ["101", "messageType"];
  if (body.messageVersion === undefined) return ["201", "messageVersion"];
  if (body.messageVersion !== MESSAGE_VERSION) return ["102", MESSAGE_VERSION];
  const { keyword, instancePath, params } = validation;
  const [element = "", ...inside] = instancePath.split("/").slice(1);
  const path = [element, ...inside.filter((part) => !/^\d+$/.test(part))].filter((part) => part !== "");
  if (keyword === "required") return ["201", [...path, String(params.missingProperty)].join(".")];
  if (element === "messageExtension" && keyword === "const") return ["202", "messageExtension"];
  return [
    "203",
    keyword === "additionalProperties" ? [...path, "an element that is not known"].join(".") : path.join("."),
  ];
}

/** Refusals of a route that answers so. @param own - Its callers are phones, which are told our own code, too */
export function erroAnswers({ own }: { readonly own: boolean }) {
  const erro = {
    ...{ messageType: out, messageVersion: out, threeDSServerTransID: out, acsTransID: out, errorCode: out },
    ...{ errorComponent: out, errorDescription: out, errorDetail: out, errorMessageType: out },
  };
  const all = { code: out, message: out, ...erro };
  // Of a service code and message alone are what says no to a signature.
  const description = "Refused: an Erro of 3-D Secure";
  const refusal = { ...object(all, own ? Object.keys(erro) : Object.keys(all)), description };
  return { "4xx": refusal, "5xx": refusal } as const;
}

/** Another server's Erro, or an answer of it that is none of the standard's: what is wrong with it. */
export class ThreeDsError extends Error {
  override readonly name = "ThreeDsError";
  readonly code = "THREE_DS_ERROR";

  /** @param detail - Of an Erro what that server said, of printable characters alone */
  constructor(
    readonly errorCode: string,
    readonly component: Component | undefined,
    detail: string,
  ) {
    const known = (ERRO_CODES as Readonly<Record<string, string>>)[errorCode];
    super(`${errorCode}${known === undefined ? "" : ` ${known}`}${detail === "" ? "" : `: ${detail}`}`);
  }

  /** That server, or one behind it, may take the same message later (403 and 405, system connection failure). */
  get isTransient(): boolean {
    return this.errorCode === "403" || this.errorCode === "405";
  }
}

/** The Erro that `answer` is, whatever the status that it came with; undefined for any other answer. */
export function erroIn(answer: Readonly<Record<string, unknown>>): ThreeDsError | undefined {
  if (answer.messageType !== "Erro") return undefined;
  const { errorCode, errorComponent, errorDetail } = answer;
  const code = typeof errorCode === "string" && /^\d{3}$/.test(errorCode) ? errorCode : "101";
  const component = (["C", "S", "D", "A"] as const).find((one) => one === errorComponent);
  const detail = typeof errorDetail === "string" ? errorDetail.slice(0, 128).replace(/[^ -~]|\d{6,}/g, "?") : "";
  return new ThreeDsError(code, component, detail);
}

/** An answer of another server, as the standard has it. @throws {ThreeDsError} what is wrong with it */
export function checkedAnswer<Answer extends object>(
  type: AnswerType,
  answer: Answer,
  asked: { readonly threeDSServerTransID: string; readonly acsTransID?: string },
): Answer {
  const fault: Fault | undefined = answerFault(type, answer as Readonly<Record<string, unknown>>, asked);
  if (fault !== undefined) throw new ThreeDsError(fault[0], undefined, `of its ${type}: ${fault[1]}`);
  return answer;
}
