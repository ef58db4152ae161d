import { IxError } from '../errors.ts';

/** Why a body could not be decoded, or not be sent. */
export type BodyErrorCode =
  | 'contentCodingUnsupported'
  | 'tooManyContentCodings'
  | 'contentCorrupt'
  | 'contentTruncated'
  | 'contentTooBig'
  | 'bodyUsed'
  | 'notBytes'
  | 'fileUnreadable'
  | 'fileChanged';

/** A body could not be decoded, or a file could not be sent as one. */
export class BodyError extends IxError {
  declare readonly code: BodyErrorCode;

  constructor(code: BodyErrorCode, message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}
