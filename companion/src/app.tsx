// The shell: where one is, and the table beside it where the card is an emulated one.

import { type ReadonlySignal, signal } from "@preact/signals";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { CardPage } from "./pages/card-page.js";
import { CardsPage } from "./pages/cards-page.js";
import { HistoryPage } from "./pages/history-page.js";
import { PairPage } from "./pages/pair-page.js";
import { PayPage } from "./pages/pay-page.js";
import { LeftBehind } from "./parts/left-behind.js";
import { clockWords } from "./parts/words.js";
import type { Phone } from "./phone/phone.js";
import { Table } from "./world/table.js";
import type { TableModel } from "./world/table-model.js";

/** The reader is loaded when somebody tests, the flasher when somebody flashes. */
const TestPage = lazy(() => import("./pages/test-page.js").catch(() => ({ default: NotLoaded })));
const EngineerPage = lazy(() => import("./engineer/engineer-page.js").catch(() => ({ default: NotLoaded })));

function NotLoaded() {
  return (
    <p class="problem" role="alert">
      This page could not be loaded: check the network, then load the app anew.
    </p>
  );
}

/** A place: `#/`, `#/pair`, `#/pay/CARD/TOKEN`, `#/card/CARD`, `#/history`, `#/test`, `#/engineer`. */
export const place = signal(placeNow());
addEventListener("hashchange", () => {
  place.value = placeNow();
});

/** How far this phone's clock is ahead of the issuer's, ms, where it is wrong. */
export const clockAhead = signal<number | undefined>(undefined);

/** A newer version of these pages is there. */
export const isOutdated = signal(false);

function placeNow(): readonly string[] {
  return location.hash.replace(/^#\/?/, "").split("/").filter(Boolean);
}

const TITLES: Readonly<Record<string, string>> = {
  cards: "Cards",
  pair: "Pair a card",
  pay: "Pay",
  card: "Card",
  history: "History",
  test: "Test a recording",
  engineer: "Engineer",
};

interface AppProps {
  readonly phone: Phone;
  readonly table: TableModel | undefined;
  /** The server does not know the token that these pages have. */
  readonly isStranger: ReadonlySignal<boolean> | undefined;
  /** Another tab has the card. */
  readonly until: AbortSignal;
}

export function App({ phone, table, isStranger, until }: AppProps) {
  const [room = "cards", ...rest] = place.value;
  const title = TITLES[room] ?? TITLES.cards!;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const where = place.value.join("/");
  useEffect(() => {
    document.title = `${title} - enabling-card`;
    // Whoever does not see the page hears where he is.
    if (!isFirst.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [where]);
  return (
    <div class={table === undefined ? "shell" : "shell with-table"}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the page
      </button>
      <header>
        <span class="brand">enabling-card</span>
        <nav aria-label="Pages">
          <PageLink to="" text="Cards" isHere={room === "cards"} />
          <PageLink to="pair" text="Pair" isHere={room === "pair"} />
          <PageLink to="history" text="History" isHere={room === "history"} />
          <PageLink to="test" text="Test" isHere={room === "test"} />
          <PageLink to="engineer" text="Engineer" isHere={room === "engineer"} />
        </nav>
      </header>
      {isOutdated.value && (
        <p class="notice" role="status">
          A newer version of this app is there.{" "}
          <button type="button" onClick={() => location.reload()}>
            Load it
          </button>
        </p>
      )}
      {clockAhead.value !== undefined && (
        <p class="notice" role="status">
          This device's clock is {clockWords(clockAhead.value)}: set it in its settings. Paying goes on; times in the
          history are this clock's, and a card may seem not to be genuine yet, or no more.
        </p>
      )}
      {isStranger?.value === true && (
        <p class="notice" role="alert">
          The table was started anew, and does not know this page any more: open the address that it has printed now.
          Until then its card and its till are out of reach; what this phone keeps is there.
        </p>
      )}
      <LeftBehind phone={phone} />
      <main id="main" tabIndex={-1} ref={main} aria-label={title}>
        {pageOf(room, rest, phone, table, until)}
      </main>
      {table !== undefined && <Table model={table} />}
    </div>
  );
}

function pageOf(
  room: string,
  [first = "", second = ""]: readonly string[],
  phone: Phone,
  table: TableModel | undefined,
  until: AbortSignal,
) {
  switch (room) {
    case "pair":
      return <PairPage phone={phone} table={table} />;
    case "pay":
      return <PayPage key={`${first} ${second}`} phone={phone} table={table} card={first} token={second} />;
    case "card":
      return <CardPage phone={phone} table={table} card={first} />;
    case "history":
      return <HistoryPage phone={phone} />;
    case "test":
      return (
        <Suspense fallback={<p>Loading…</p>}>
          <TestPage />
        </Suspense>
      );
    case "engineer":
      return (
        <Suspense fallback={<p>Loading…</p>}>
          <EngineerPage phone={phone} table={table} until={until} />
        </Suspense>
      );
    default:
      return <CardsPage phone={phone} />;
  }
}

function PageLink({ to, text, isHere }: { readonly to: string; readonly text: string; readonly isHere: boolean }) {
  return (
    <a href={`#/${to}`} aria-current={isHere ? "page" : undefined}>
      {text}
    </a>
  );
}
