// The phone's side: transports, secure session, card, issuer client. Runs in Node and in a browser.

export type { Authenticator, Question, Released, Seen } from "./authenticator/authenticator.js";
export { type BiometricOutcome, type BiometricPlatform, biometric } from "./authenticator/biometric.js";
export { type AskPin, typedPin } from "./authenticator/typed-pin.js";
export type { CardNotice, CardState, CardToken, Confirmed, Loaded, Nearness, Presented } from "./card/answers.js";
export type { GrantBundle, SignedState } from "./card/bundle.js";
export {
  Card,
  type ConfirmOptions,
  type ConnectOptions,
  type PresentOptions,
} from "./card/card.js";
export type { CallOptions, CallProgress } from "./card/connection.js";
export { followCard, type WalletFollower, type WalletStatus, type WalletView } from "./card/wallet-view.js";
export type { CardTarget } from "./card/way.js";
export {
  type DelegatedGrant,
  type DelegatedGrantRequest,
  type DelegatedUse,
  DelegationClient,
  type DelegationClientOptions,
  type DelegationLeft,
  type DelegationView,
} from "./delegation/delegation-client.js";
export { CardError, type CardErrorCode, SDK_ERROR_CODES, type SdkErrorCode } from "./errors.js";
export {
  checkImage,
  checkImageDigest,
  checkImageFits,
  type ImageDemands,
  imageDigest,
  imageKeyHash,
} from "./image/check-image.js";
export type { ClosedGrant } from "./issuer/closed-grant.js";
export {
  CodeClient,
  type CodeClientOptions,
  type CodeOfCard,
  type CodeOfDevice,
  type CodeOrder,
} from "./issuer/code-client.js";
export {
  DomainPlugIn,
  type DomainPlugInOptions,
  type Order,
  type PlugInOptions,
  type PlugInStep,
  type RemoteCredentials,
} from "./issuer/domain-plug-in.js";
export {
  type CardPosition,
  type GrantRequest,
  type IssuedGrant,
  type IssuerCallOptions,
  IssuerClient,
  type IssuerClientOptions,
  type SignedTokenState,
  TEST_IINS,
  type Token,
  type TokenStateName,
} from "./issuer/issuer-client.js";
export type { Evidence } from "./issuer/json-door.js";
export type { LentNews, NewsOptions, TokenNews } from "./issuer/state-news.js";
export type { StateInfoAnswer } from "./means/check-info.js";
export type { Indication, MeansAction, MeansInput, MeansLink, MeansView } from "./means/means-view.js";
export { type MeansCallOptions, PaymentMeans, type PaymentMeansOptions } from "./means/payment-means.js";
export {
  type HeldState,
  MemoryRegistrationStore,
  type Registration,
  type RegistrationStore,
  type SeenState,
} from "./means/registration-store.js";
export {
  newWebCryptoKey,
  type SoftwareKey,
  type StaticKey,
  softwareKey,
  type WebCryptoHandle,
  type WebCryptoKey,
  webCryptoKey,
} from "./noise/static-key.js";
export { MemoryPairingStore, type Pairing, type PairingStore } from "./pairing/pairing-store.js";
export { recognises } from "./session/names.js";
export type { PairOptions, PairStep } from "./session/pair.js";
export { withTimeLimit } from "./time-limit.js";
export { type CapacitorBleClient, capacitorTransport } from "./transport/capacitor.js";
export type { CardLink, CardTransport, DiscoveredCard } from "./transport/card-link.js";
export { type CountingLink, countingLink, type LinkCounts } from "./transport/counting.js";
export type { GattOptions } from "./transport/gatt.js";
export { decodeGreeting, encodeGreeting, type LineGreeting } from "./transport/line-greeting.js";
export {
  type MemoryCard,
  type MemoryLine,
  type MemoryTransportOptions,
  memoryLink,
  memoryTransport,
} from "./transport/memory.js";
export { type BlePlxManager, blePlxTransport } from "./transport/react-native-ble-plx.js";
export { type SerialSource, type SerialTransportOptions, serialTransport } from "./transport/serial.js";
export { type WebBluetooth, type WebBluetoothTransport, webBluetoothTransport } from "./transport/web-bluetooth.js";
export {
  CARD_PROTOCOL,
  CARD_TOKEN,
  type WebSocketLike,
  type WebSocketTransportOptions,
  webSocketTransport,
} from "./transport/web-socket.js";
export { askCard, GIVE_LOG, START_LOADER } from "./update/card-frames.js";
export { type CardLogRecord, type FollowLogOptions, followLog, LogMemory, recordsOf } from "./update/card-log.js";
export { type FlashOptions, type FlashProgress, type FlashResult, type FlashStep, flashCard } from "./update/flash.js";
export { type AirFlashOptions, flashCardOverAir } from "./update/flash-air.js";
export type { UpdateLine } from "./update/line.js";
export {
  Loader,
  type LoaderFacts,
  type LoaderImage,
  type UploadOptions,
  type UploadProgress,
} from "./update/loader.js";
export { consoleCarrier, gattCarrier, type SmpCarrier } from "./update/smp-carrier.js";
export { startSentence } from "./update/start-reason.js";
export { type WebSerialPort, webSerialLine } from "./update/web-serial.js";
