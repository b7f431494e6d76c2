// A line that somebody fills in, and what is wrong with it, in words that a screen reader says with it.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: ComponentChildren;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onValue: (value: string) => void;
  readonly maxLength?: number;
  readonly inputMode?: "decimal";
}

export function Field({ label, value, fault, onValue, maxLength, inputMode }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label>
        {label}
        <input
          value={value}
          {...(maxLength !== undefined && { maxLength })}
          {...(inputMode !== undefined && { inputMode })}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : id}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      </label>
      <p id={id} class="fault" role="status">
        {fault}
      </p>
    </div>
  );
}
